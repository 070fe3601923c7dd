"""mutmut that mutates functions under `checked` too, the closed forms above all.

mutmut passes over decorated functions, as it cannot know what a decorator does with the copies that it makes. `checked`
only looks at arguments and passes them on, to a copy as to the function itself. Run by tests/mutants.py, as a script.
"""

from __future__ import annotations

from typing import Any

import libcst
from mutmut.__main__ import cli
from mutmut.mutation.file_mutation import MutationVisitor

PASSED_ON = "checked"


def _only_checked(function: libcst.FunctionDef) -> bool:
    decorators = [d.decorator for d in function.decorators]
    return bool(decorators) and all(
        isinstance(d, libcst.Call) and isinstance(d.func, libcst.Name) and d.func.value == PASSED_ON for d in decorators
    )


def main() -> None:
    """Run mutmut's command line; what it passes over is asked of it as if `checked` were not there."""
    passes_over = MutationVisitor._skip_node_and_children

    def with_checked(visitor: MutationVisitor, node: libcst.CSTNode) -> Any:
        if isinstance(node, libcst.FunctionDef) and _only_checked(node):
            return passes_over(visitor, node.with_changes(decorators=()))
        return passes_over(visitor, node)

    MutationVisitor._skip_node_and_children = with_checked
    cli()


if __name__ == "__main__":
    main()
