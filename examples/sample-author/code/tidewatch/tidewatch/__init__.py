"""Says when high water was, gulls notwithstanding."""

__version__ = "0.3"
