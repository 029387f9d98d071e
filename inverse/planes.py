"""Planes of a diffusion couple that a profile determines by itself."""

from inverse.smoothing import Curve


def matano_plane(curve: Curve) -> float:
    """x_0 (m) of the plane through which as much has come as has gone: int_-inf^x0 Y dx = int_x0^inf (1 - Y) dx.

    The difference of the two integrals grows with slope 1, so one evaluation at any x gives x_0 = x - (left - right).
    At constant molar volume this is the plane of the initial contact.
    """
    middle = 0.5 * (curve.nodes[0] + curve.nodes[-1])
    return float(middle - (curve.left(middle) - curve.right(middle))[0])
