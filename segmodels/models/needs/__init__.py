"""Models of needs: latent classes of survey answers, rankings and best-worst choices."""
