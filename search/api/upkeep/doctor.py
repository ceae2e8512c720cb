"""Looks for what is wrong with the machine and a library, and says how to mend it."""

from mvsearch.search.upkeep import library_state, machine
from mvsearch.search.upkeep.findings import AREAS, Diagnosis, Finding
from mvsearch.store.distribution import read_version
from mvsearch.store.inspection import inspect_library
from mvsearch.store.opening import AnyPath, find_address


def diagnose(library: AnyPath | None = None) -> Diagnosis:
    """Look at programs, packages, weights, disks, memory, and at a library if there is one.

    Nothing is changed, created or locked, and nothing is raised for what is found. Whole libraries
    are read by `check`; weights are tried out by `check_models`.

    Args:
        library: its folder or address; None for the default.
    """
    state = inspect_library(find_address(library))
    names = state.encoders or _find_default_encoders()
    findings: list[Finding] = [
        *machine.check_programs(),
        *machine.check_packages(),
        *machine.check_encoders(names),
        *library_state.check_server(state),
        *library_state.check_database(state),
        *library_state.check_writing(state),
        *library_state.check_folders(state),
        *library_state.check_disks(state),
        *machine.check_machine(),
    ]
    findings.sort(key=lambda one: AREAS.index(one.area))
    return Diagnosis(state.place, read_version(), tuple(findings))


def _find_default_encoders() -> tuple[str, ...]:
    """The encoders of a new library."""
    from mvsearch.indexer.encoders import PROFILES
    from mvsearch.search.api.session import DEFAULT_PROFILE

    return PROFILES[DEFAULT_PROFILE].encoders
