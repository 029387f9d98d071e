from matano.cli import main

main()
