"""A log-density as one PyTensor operation, compiled by Numba.

NUTS spends its time in the likelihood. Handing the sampler the same compiled function that the mode
search uses keeps one density in the package, tested once, and leaves PyTensor a graph of a few dozen
nodes to compile.
"""

from importlib import import_module
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key


class CompiledDensity(Op):
    """A log-density of all the data, and its gradient with respect to the parameters, which come first.

    Parameters
    ----------
    module
        Import path of a module in ``segmodels.likelihoods`` with a ``total_and_gradient``.
    """

    # Numba's compiled code is kept between processes by these: a changed density must not meet its old self.
    __props__ = ("module", "source")

    def __init__(self, module: str) -> None:
        self.module = module
        self.source = crc32(Path(str(import_module(module).__file__)).read_bytes())

    def make_node(self, *inputs: Any) -> Apply:
        """Take parameters and the arrays of the data; give value and gradient."""
        tensors = [pt.as_tensor_variable(value) for value in inputs]
        return Apply(self, tensors, [pt.dscalar(), tensors[0].type()])

    def perform(self, node: Any, inputs: Any, output_storage: Any) -> None:  # noqa: ARG002
        """Evaluate outside Numba mode."""
        value, gradient = import_module(self.module).total_and_gradient(*inputs)
        output_storage[0][0] = np.asarray(value)
        output_storage[1][0] = gradient

    def connection_pattern(self, node: Any) -> list[list[bool]]:
        """Only the parameters are differentiated."""
        return [[True, False]] + [[False, False]] * (len(node.inputs) - 1)

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        """Gradient of the value; the gradient of the gradient is not defined."""
        return [cotangents[0] * outputs[1], *(disconnected_type() for _ in inputs[1:])]


@register_funcify_default_op_cache_key(CompiledDensity)
def _compile(op: CompiledDensity, node: Any, **_: Any) -> Any:
    from numba import njit

    kernel = import_module(op.module).total_and_gradient

    @njit
    def likelihood(*inputs: Any) -> Any:
        value, gradient = kernel(*inputs)
        return np.asarray(value), gradient

    del node
    return likelihood
