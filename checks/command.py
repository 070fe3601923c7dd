"""The command ``vae-ntk``: the command line of `claimtest`, bound to this pack."""

from functools import partial

from claimtest import cli

main = partial(cli.main, pack="checks", prog="vae-ntk")
