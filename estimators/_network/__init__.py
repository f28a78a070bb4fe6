"""Networks: settings, layers, losses, optimisers, training."""
