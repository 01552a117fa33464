"""What the config, Websak, the business register and KS Fiks have otherwise of the same units and numbers; who is wrong, and who mends it."""
