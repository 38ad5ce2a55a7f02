"""Statistics of samples: NumPy in, float64 numbers out. Real first, fake second."""

from tfgan_models.metrics.parzen import parzen_log_likelihood, select_parzen_width

__all__ = ["parzen_log_likelihood", "select_parzen_width"]
