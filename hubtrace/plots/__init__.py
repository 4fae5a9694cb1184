"""Pictures for papers, by matplotlib (the extra `plot`), in the manner of the study's figures.

- `canvas`: an empty figure, text that is only text, and files that are the same every time
- `timeline`, `bars`, `lags`: what is drawn
"""
