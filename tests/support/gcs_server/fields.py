"""Partial responses: `fields=items(name,size),nextPageToken` as the JSON API understands it."""
from support.gcs_server.refusals import invalid


def select(resource, text, known):
    """What the selection leaves of a resource. `known` are the names of its kind, whether they are there now or not;
    nested names are {"items": {...}}."""
    tree, rest = _parse(text, text)
    if rest:
        raise _bad(text)
    _check(tree, known)
    return _apply(resource, tree)


def _bad(text):
    return invalid(f"Invalid field selection {text}", "invalidParameter", "fields")


def _parse(text, whole):
    """(tree, what is left from an unmatched parenthesis on)"""
    tree = {}
    while True:
        end = next((i for i, c in enumerate(text) if c in ",()/"), len(text))
        path, text = [text[:end].strip()], text[end:]
        while text.startswith("/"):
            end = next((i for i, c in enumerate(text[1:], 1) if c in ",()/"), len(text))
            path.append(text[1:end].strip())
            text = text[end:]
        if not all(path):
            raise _bad(whole)
        below = None
        if text.startswith("("):
            below, text = _parse(text[1:], whole)
            if not text.startswith(")"):
                raise _bad(whole)
            text = text[1:]
        node = tree
        for name in path[:-1]:
            node = node.setdefault(name, {}) or {}
        node[path[-1]] = below
        if not text.startswith(","):
            return tree, text
        text = text[1:]


def _check(tree, known):
    for name, below in (tree or {}).items():
        if name != "*" and known is not None and name not in known:
            raise _bad(name)
        if below is not None and known is not None:
            _check(below, known.get(name))


def _apply(value, tree):
    if tree is None:
        return value
    if isinstance(value, list):
        return [_apply(item, tree) for item in value]
    if not isinstance(value, dict):
        raise _bad(f"below {value}")
    if "*" in tree:
        return {name: _apply(item, tree["*"]) for name, item in value.items()}
    return {name: _apply(item, tree[name]) for name, item in value.items() if name in tree}
