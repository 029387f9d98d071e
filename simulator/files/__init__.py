"""Files: cases and experiments (TOML), measured profiles (CSV), results (HDF5)."""

RESULTS = (".h5", ".hdf5")
