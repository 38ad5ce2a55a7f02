"""Reports of runs: one self-contained page a run, and one page over many runs.

    from trainers import report
    report.write_report("runs/digits")                  -> runs/digits/report.html
    report.write_overview("runs", "runs/index.html")

A page asks the network for nothing: styles, scripts and pictures are in it, and its policy
forbids more. It reads the files of the run directory only, and needs no TensorFlow unless
they are in a bucket.
"""

from trainers.report.overview import write_overview
from trainers.report.page import write_report

__all__ = ["write_overview", "write_report"]
