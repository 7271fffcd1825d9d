"""Several people upload, add, group, remove and bring back at once: all stays whole."""

import json
import subprocess
import sys

import numpy as np

from ae_core.data import trash
from ae_core.data.catalogue import list_broken_data_sets, load_data_set
from ae_core.data.groups import load_groups
from ae_core.data.uploads import uploads_dir
from ae_core.locations import data_dir
from tests.attacks.test_uploads import Server
from tests.sources import ROOT

N_USERS, N_NAMES = 6, 3

# What a user does: their pictures are all of one grey, which a label says too. What was saved is
# printed once it is: that is what must be there afterwards.
USER = """
import io, json, sys
from contextlib import suppress
import numpy as np
from ae_core.data import trash
from ae_core.data.catalogue import load_data_set, remove_data_set
from ae_core.data.groups import make_group, save_group
from ae_core.data.own_files import add_file
from ae_core.data.uploads import take_upload
from ae_core.errors import AeCoreError
from tests.attacks.over_http import ask

port, token, user, n_names = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for turn in range(8):
    grey = 10 + user * 20 + turn
    buffer = io.BytesIO()
    np.savez(buffer, images=np.full((40, 9, 9), grey, np.uint8), labels=np.full(40, grey))
    address = f"/api/upload?token={token}&name=same.npz"
    answer = ask(port, address, method="POST", body=buffer.getvalue())
    assert answer.status == 200, answer.text
    path = take_upload(token.split(".")[1], json.loads(answer.text)["upload"])
    name = f"set-{turn % n_names}"
    with suppress(AeCoreError):  # the name is somebody else's now
        add_file(path, name)
        print(json.dumps(["added", grey]), flush=True)
    path.unlink()
    with suppress(AeCoreError):
        found = load_data_set(name)
        group = make_group(f"of {user}, {turn}", [user, turn + 8], 40)
        save_group(group, name, found.about.fingerprint, 40)
        print(json.dumps(["grouped", name, found.about.fingerprint, group.name]), flush=True)
    if turn % 2:
        with suppress(AeCoreError):
            remove_data_set(name)
        with suppress(AeCoreError):
            trash.restore(trash.find_removed(f"set-{user % n_names}"))
"""


def test_everybody_s_things_are_whole_whatever_others_do_at_once() -> None:
    server = Server()
    users = [
        subprocess.Popen(
            [sys.executable, "-c", USER, str(server.port), token, str(user), str(N_NAMES)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for user, token in enumerate(server.tokens[:N_USERS])
    ]  # fmt: skip
    said = [
        json.loads(line)
        for user in users
        for line in user.communicate(timeout=200)[0].split("\n")
        if line
    ]
    server.close()
    assert [user.returncode for user in users] == [0] * N_USERS

    added = {entry[1] for entry in said if entry[0] == "added"}
    in_place = {path.name for path in data_dir().iterdir() if path.name[0] != "."}
    greys = {grey_of(name) for name in in_place}
    for removed in trash.list_removed():  # each in its turn back to an empty place
        aside = data_dir() / removed.name
        if aside.exists():
            aside.rename(data_dir() / f".{removed.name}")
        trash.restore(removed)
        greys.add(grey_of(removed.name))
        (data_dir() / removed.name).rename(data_dir() / f".was-{removed.folder.name}")
    assert greys == added  # nothing that was added is lost, nothing else is there
    assert list_broken_data_sets() == {} and list(uploads_dir().iterdir()) == []

    grouped = [entry[1:] for entry in said if entry[0] == "grouped"]
    assert len(grouped) > N_USERS
    for data, fingerprint, group in grouped:
        assert group in load_groups(data, fingerprint, 40)


def grey_of(name: str) -> int:
    """The one grey of a data set, which its label says too."""
    data_set = load_data_set(name)
    grey = int(data_set.items[0, 0, 0, 0])
    assert data_set.items.shape == (40, 1, 9, 9) and (np.asarray(data_set.items) == grey).all()
    assert set(data_set.attributes["label"]) == {str(grey)}
    return grey
