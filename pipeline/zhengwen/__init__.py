"""zhengwen (正文): gives scraped Chinese articles their main text back."""

__version__ = "0.1.0"
