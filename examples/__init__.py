"""Packs of other theories, each a package that `claimtest --pack examples.NAME` puts on trial."""
