"""The thin base under every family: the GAN class, seeds, schedules, train function."""
