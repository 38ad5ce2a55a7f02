"""One file a paper: its configuration and its objective. See `tfgan_models.registry`."""
