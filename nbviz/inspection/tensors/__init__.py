"""A tensor as statistics, as a histogram and as a heatmap."""
