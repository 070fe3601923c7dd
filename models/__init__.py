"""What is simulated: the stochastic network, its tangent kernel and its training (PyTorch).

This floor knows no prediction; of ``theorems`` it reads the vocabulary in ``theorems.setting`` and nothing else.
"""
