"""Catalogues of base backups, made of what the original wrote (tests/samples)."""
import json
import pathlib

SAMPLES = pathlib.Path(__file__).resolve().parents[1] / "samples"
LITERALS = ("copy_stats", "included_files", "snapshots_info", "tablespaces")


def sample(name):
    return (SAMPLES / name).read_text()


def listed_backups():
    """The backups of the golden list: {id: text of backup.info}, put together from what the list says of them."""
    infos = {}
    for backup in json.loads(sample("backup-list.pretty.json"))["backups_list"]:
        identifier = backup.pop("backup_id")
        for name in ("begin_time", "end_time"):
            backup[name] = backup.pop(f"{name}_iso", "None").replace("T", " ")
        if backup["tablespaces"]:
            backup["tablespaces"] = [tuple(item) for item in backup["tablespaces"]]
        infos[identifier] = "".join(f"{name}={value!r}\n" if name in LITERALS else f"{name}={value}\n"
                                    for name, value in sorted(backup.items()))
    return infos


def catalogue(infos, keeps=None):
    """{key below base/: text} for {id: backup.info} and {id: annotation}."""
    objects = {}
    for identifier, info in infos.items():
        objects[f"{identifier}/backup.info"] = info
        objects[f"{identifier}/data.tar"] = "an archive"
    for identifier, text in (keeps or {}).items():
        objects[f"{identifier}/annotations/keep"] = text
    return objects
