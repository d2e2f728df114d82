"""Find the plugins, and keep a broken one from hurting the rest.

In: the entry-point group ``twin``. Out: a `PluginSet`: every plugin with its distribution, version,
components, or the reason why it cannot be used. Nothing is chosen or built here.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, entry_points

import pluggy

from twin import hookspecs
from twin.components import AnyComponent, Options, ReaderComponent
from twin.errors import ComponentUnavailable, PluginError
from twin.hookspecs import COMPONENT_TYPES

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
OWN_DISTRIBUTION = "twin"
"""The product's own distribution, whose plugin names nobody else can take."""


@dataclass(frozen=True, slots=True)
class Provided:
    """A component and who provides it."""

    component: AnyComponent
    plugin: str
    distribution: str
    version: str

    @property
    def provider(self) -> str:
        """The distribution with its version, as errors name it: ``twin-files 0.1.0``."""
        return f"{self.distribution} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point: what it provides, or why it cannot be used.

    Attributes:
        state: ``loaded``, ``failed`` or ``disabled``.
        failure: the reason, if it failed.
    """

    name: str
    distribution: str
    version: str
    state: str
    provides: tuple[Provided, ...] = ()
    hooks: tuple[str, ...] = ()
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One thing that several plugins claim.

    Attributes:
        claim: what they claim, as in ``the reader 'notes'`` or ``files ending in '.csv'``.
        claimants: who claims it: the providers of a component, or the readers with theirs.
        remedy: what a person can do about it.
    """

    claim: str
    claimants: tuple[str, ...]
    remedy: str

    def __str__(self) -> str:
        verb = "are claimed by" if self.claim.startswith("files") else "is provided by"
        return f"{self.claim} {verb} {' and '.join(self.claimants)}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class PluginSet:
    """All plugins of this environment."""

    plugins: tuple[Plugin, ...]

    def provided(self, hook: str) -> list[Provided]:
        """Return all components of a hook, by name and then by provider."""
        found = [p for plugin in self.plugins for p in plugin.provides if p.component.hook == hook]
        return sorted(found, key=lambda p: (p.component.name, p.provider))

    @property
    def failures(self) -> list[Plugin]:
        """The plugins that could not be loaded."""
        return [plugin for plugin in self.plugins if plugin.state == "failed"]

    def conflicts(self) -> list[Conflict]:
        """Return what several plugins claim: component names, then what readers read."""
        found: list[Conflict] = []
        claims: dict[str, list[Provided]] = {}
        for hook in sorted(COMPONENT_TYPES):
            by_name: dict[str, list[Provided]] = {}
            for provided in self.provided(hook):
                by_name.setdefault(provided.component.name, []).append(provided)
                for claim in _claims(provided.component):
                    claims.setdefault(claim, []).append(provided)
            found += [name_conflict(same) for same in by_name.values() if len(same) > 1]
        for claim, same in sorted(claims.items()):
            if len({p.component.name for p in same}) > 1:
                names = tuple(f"{p.component.name!r} of {p.provider}" for p in same)
                found.append(Conflict(claim, names, "name one of them with --reader"))
        return found


def name_conflict(same: list[Provided]) -> Conflict:
    """Return the conflict between the providers of one component name."""
    component = same[0].component
    return Conflict(
        f"the {component.noun} {component.name!r}",
        tuple(p.provider for p in same),
        "disable one with plugins.disabled",
    )


def _claims(component: AnyComponent) -> Iterator[str]:
    if isinstance(component, ReaderComponent):
        # Of what is only claimed after a look inside, nothing clashes until it is looked at.
        if component.recognises is None:
            yield from (f"files ending in {suffix.lower()!r}" for suffix in component.suffixes)
            yield from (f"files named {name!r}" for name in component.filenames)
        yield from (f"the address {host.lower().strip('/')!r}" for host in component.hosts)


def discover(disabled: Iterable[str] = (), points: Iterable[EntryPoint] | None = None) -> PluginSet:
    """Load every plugin on its own; one that fails is reported and skipped.

    Args:
        disabled: entry-point or distribution names that must not be imported.
        points: the entry points to load; those of the group ``twin`` by default.
    """
    off = {normal_name(name) for name in disabled}
    found = list(entry_points(group=hookspecs.PROJECT) if points is None else points)
    plugins: list[Plugin] = []
    owners = {id(point): _owner(point.dist) for point in found}
    taken: dict[str, Plugin] = {}
    # The product's own plugins come first, so that no other can take their names.
    found.sort(key=lambda p: (owners[id(p)][0] != OWN_DISTRIBUTION, p.name, p.value))
    for point in found:
        distribution, version = owners[id(point)]
        if normal_name(point.name) in off or normal_name(distribution) in off:
            plugins.append(Plugin(point.name, distribution, version, "disabled"))
            continue
        if point.name in taken:
            rival = taken[point.name]
            owner = f"{rival.distribution} {rival.version}".strip() or "another plugin"
            failure = f"the plugin name {point.name!r} is taken by {owner}"
            plugins.append(Plugin(point.name, distribution, version, "failed", failure=failure))
            continue
        plugin = _load(point, distribution, version)
        taken[point.name] = plugin
        plugins.append(plugin)
    return PluginSet(tuple(sorted(plugins, key=lambda p: (p.name, p.distribution))))


def normal_name(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _owner(distribution: Distribution | None) -> tuple[str, str]:
    """Return the name and version; empty where the metadata are damaged."""
    try:
        name, version = (distribution.name, distribution.version) if distribution else ("", "")
    except Exception:  # noqa: BLE001 - metadata that cannot be parsed
        return "", ""
    return name or "", version or ""


def _load(point: EntryPoint, distribution: str, version: str) -> Plugin:
    try:
        module = point.load()
        hooks, provided = _collect(point.name, module, distribution, version)
    except KeyboardInterrupt as stop:
        owner = f"{distribution} {version}".strip() or "an unknown distribution"
        message = f"while the plugin {point.name!r} of {owner} was imported"
        raise KeyboardInterrupt(message) from stop
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the boundary that isolates plugins, SystemExit too
        reason = str(error) if isinstance(error, PluginError) else _describe(error)
        return Plugin(point.name, distribution, version, "failed", failure=reason)
    return Plugin(point.name, distribution, version, "loaded", provided, hooks)


def _describe(error: BaseException) -> str:
    try:
        text = str(error).strip()
    except Exception:  # noqa: BLE001 - an exception of a plugin's own, whose __str__ is broken
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _collect(
    name: str, module: object, distribution: str, version: str
) -> tuple[tuple[str, ...], tuple[Provided, ...]]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(module, name=name)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        known = ", ".join(sorted(COMPONENT_TYPES))
        message = f"{error}; the hooks are {known}"
        raise PluginError(message) from error
    hooks = tuple(sorted(call.name for call in manager.get_hookcallers(module) or ()))
    if not hooks:
        message = "it implements no hook of twin (is the function marked with @twin.hookimpl?)"
        raise PluginError(message)
    provided: list[Provided] = []
    for hook in hooks:
        # A generator fails only when it is read, so it is read here, inside the guard.
        results = getattr(manager.hook, hook)()
        if not results:
            message = f"{hook} returned None; it must yield components"
            raise PluginError(message)
        for result in results:
            if not isinstance(result, Iterable) or isinstance(result, str):
                message = f"{hook} must yield components, not {type(result).__name__}"
                raise PluginError(message)
            for component in result:
                _check(hook, component, provided)
                provided.append(Provided(component, name, distribution, version))
    return hooks, tuple(provided)


def _check(hook: str, component: object, earlier: list[Provided]) -> None:
    expected = COMPONENT_TYPES[hook]
    if not isinstance(component, expected):
        message = f"{hook} yielded {component!r:.80}, which is no {expected.__name__}"
        raise PluginError(message)
    if not isinstance(component.name, str) or not NAME.fullmatch(component.name):
        message = (
            f"{hook} yielded a component named {component.name!r}; "
            "a name is lower-case letters, digits and hyphens"
        )
        raise PluginError(message)
    label = f"the {expected.noun} {component.name!r}"
    if not (isinstance(component.options, type) and issubclass(component.options, Options)):
        message = f"{label} has options that are no subclass of twin.Options"
        raise PluginError(message)
    if not callable(component.build):
        message = f"{label} has a build that cannot be called"
        raise PluginError(message)
    if not isinstance(component.summary, str):
        message = f"{label} has a summary that is no text"
        raise PluginError(message)
    if isinstance(component, ReaderComponent):
        _check_claims(label, component)
    if any(p.component.hook == hook and p.component.name == component.name for p in earlier):
        message = f"it yields {label} twice"
        raise PluginError(message)


def _check_claims(label: str, component: ReaderComponent[Options]) -> None:
    for field in ("hosts", "suffixes", "filenames"):
        values = getattr(component, field)
        # ("x") is a string, and each of its letters would become a claim.
        if not isinstance(values, tuple) or not all(v and isinstance(v, str) for v in values):
            message = f"{label} must name its {field} as a tuple of texts, as in ('x',)"
            raise PluginError(message)
    if component.recognises is not None and not callable(component.recognises):
        message = f"{label} has a recognises that cannot be called"
        raise PluginError(message)
    if wrong := [suffix for suffix in component.suffixes if not suffix.startswith(".")]:
        message = f"{label} claims the suffix {wrong[0]!r}, which must begin with a dot"
        raise PluginError(message)
    if wrong := [host for host in component.hosts if "://" in host]:
        message = f"{label} claims the host {wrong[0]!r}, which must have no scheme"
        raise PluginError(message)


@contextmanager
def telling_what_is_missing(path: str, provided: Provided) -> Iterator[None]:
    """Turn an import that fails into what is missing, at `path` of the settings, and how to get it."""
    try:
        yield
    except ImportError as error:
        missing = error.name or str(error)
        message = f"{path}: {provided.component.name!r} of {provided.provider} needs {missing}"
        if provided.distribution == OWN_DISTRIBUTION:
            extra = "code" if missing.startswith("tree_sitter") else "local"
            hint = f"install the extra that it belongs to: pip install 'twin[{extra}]'"
        else:
            hint = f"install what it needs: twin install --upgrade {provided.distribution}"
        raise ComponentUnavailable(message, hint) from error
