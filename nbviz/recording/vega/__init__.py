"""Charts of Vega-Lite, which another process draws."""
