"""How good is a model of the wallet: masked truth, beside the rules that practitioners use."""
