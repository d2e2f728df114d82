"""Tests of the product. A package, so that the processes they start can import from it too."""
