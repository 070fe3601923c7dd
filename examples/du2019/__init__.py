"""Du, Zhai, Poczos and Singh (ICLR 2019, arXiv 1810.02054) on trial: `claimtest --pack examples.du2019 verify`."""

from examples.du2019.pack import PACK

__all__ = ["PACK"]
