"""The three files of a design, as names and texts; writing them is for the caller."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.design.analysis import Design
from orchestrator.design.diagram import diagram_text
from orchestrator.design.error_handlers import error_handlers_text
from orchestrator.design.options import Options
from orchestrator.design.state_machine import section, state_machine_text


def files_of(design: Design, options: Options) -> Mapping[str, str]:
    """Return the text of each file by its name, in the order in which they are reported."""
    machine = f"{design.name}.state-machine.json"
    return {
        machine: state_machine_text(design, options),
        f"{design.name}.diagram.md": diagram_text(design),
        f"{design.name}.error-handlers.ts": error_handlers_text(section(design, options), machine),
    }
