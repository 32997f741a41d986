"""Signatures: made with SSH keys, demanded by `trusted`, checked before a pack is parsed."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from packs.conftest import FETCHED, Polcheck
from packs.places import GitPlace, Place, pack, write
from polcheck.packs.sign import Publisher, Signature, Statement, Trust, Untrusted, merged, signatures_in, with_signature


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Two keys of different kinds; the paths are of the private ones."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    made = {}
    for name, kind in (("ours", "ed25519"), ("theirs", "ecdsa")):
        made[name] = tmp_path / name
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", made[name]], check=True)
    return made


def public(key: Path) -> str:
    """The public key as one writes it."""
    return key.with_suffix(".pub").read_text().strip()


def signed(files: dict[str, str], key: Path, folder: Path, polcheck: Polcheck) -> dict[str, str]:
    """The files and a `pack.sig` over them."""
    write(folder, files)
    polcheck("pack", "sign", str(folder), "--key", str(key))
    return {**files, "pack.sig": (folder / "pack.sig").read_text()}


def config(place: Place, key: str, more: str = "") -> None:
    """A polcheck.yaml that trusts this key with packs whose name begins with `ac`."""
    Path("polcheck.yaml").write_text(
        f'packs: ["{place.source}"]\ntrusted:\n  - {{packs: ac*, keys: ["{key}"]{more}}}\n'
    )


@pytest.mark.parametrize("place", FETCHED, indirect=True)
def test_a_signed_pack_is_trusted_wherever_it_comes_from(
    place: Place, keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path
) -> None:
    """The signature goes with the pack through git, archives and registries, and into the cache."""
    files = signed(pack(), keys["ours"], tmp_path / "signing", polcheck)
    place.publish(files)
    config(place, public(keys["ours"]))
    polcheck("run", status=1)
    place.stop()
    assert "it prints" in polcheck("run", status=1).out
    assert "as locked" in polcheck("pack", "verify").out


def refusal(polcheck: Polcheck) -> str:
    """What a run says that refuses a pack; nothing of it was kept."""
    error = polcheck("run", status=2).err
    assert not Path("polcheck.lock").exists()
    return error


def test_an_unsigned_pack_is_refused_before_it_is_parsed(
    keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path
) -> None:
    """A pack without a signature isn't even read: what is broken in it is not what is told."""
    place = GitPlace(tmp_path / "place")
    place.publish({**pack(), "pack.yaml": "{[ broken"})
    config(place, public(keys["ours"]))
    assert "is not signed, and `trusted` asks for it" in refusal(polcheck)


def test_a_signature_of_somebody_else_is_refused(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """A good signature by a key that isn't named counts for nothing."""
    place = GitPlace(tmp_path / "place")
    place.publish(signed(pack(), keys["theirs"], tmp_path / "signing", polcheck))
    config(place, public(keys["ours"]))
    assert "no key that may publish `acme` signed this content" in refusal(polcheck)


def test_a_signature_over_other_content_is_refused(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """A pack that changed after it was signed is refused."""
    place = GitPlace(tmp_path / "place")
    files = signed(pack(), keys["ours"], tmp_path / "signing", polcheck)
    place.publish({**files, "tables/more.yaml": "[]\n"})
    config(place, public(keys["ours"]))
    assert "no key that may publish `acme` signed this content" in refusal(polcheck)


def test_a_key_may_publish_its_own_packs_only(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """A key that is trusted with one pack can't sign another, nor call one pack by the other's name."""
    place = GitPlace(tmp_path / "place")
    other = {**pack(), "pack.yaml": "name: other\nversion: 1.0.0\n"}
    files = signed(other, keys["ours"], tmp_path / "signing", polcheck)
    place.publish(files)
    config(place, public(keys["ours"]))
    assert "names no publisher for `other`" in refusal(polcheck)
    place.publish({**files, "pack.sig": files["pack.sig"].replace("name: other", "name: acme")})
    assert "no key that may publish `acme`" in refusal(polcheck)


@pytest.mark.parametrize(("expires", "status"), [("2027-01-30", 2), ("2027-01-31", 1)])
def test_a_key_counts_until_its_last_day(
    expires: str,
    status: int,
    keys: dict[str, Path],
    polcheck: Polcheck,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An expired key signs nothing any more, not even what lies in the cache."""
    place = GitPlace(tmp_path / "place")
    place.publish(signed(pack(), keys["ours"], tmp_path / "signing", polcheck))
    config(place, public(keys["ours"]), f", expires: '{expires}'")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # in 2023
    polcheck("run", status=1)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1801353600")  # 2027-01-31
    error = polcheck("run", status=status).err
    assert ("the key that signed `acme` expired on 2027-01-30" in error) == (status == 2)


def test_keys_can_lie_in_a_file(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """A file of public keys, seen from polcheck.yaml, does as well; what is no key is refused."""
    place = GitPlace(tmp_path / "place")
    place.publish(signed(pack(), keys["theirs"], tmp_path / "signing", polcheck))
    Path("publishers").write_text(f"# ours\n{public(keys['ours'])}\n\n{public(keys['theirs'])} with a comment\n")
    config(place, "publishers")
    polcheck("run", status=1)
    Path("publishers").write_text("not a key\n")
    assert "is not a public key" in polcheck("run", status=2).err
    config(place, "nowhere")
    assert "the key `nowhere` of `trusted` can't be read" in polcheck("run", status=2).err


def test_what_is_extended_has_to_be_signed_too(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """Trust doesn't pass from a pack to what it extends."""
    base, place = GitPlace(tmp_path / "base"), GitPlace(tmp_path / "place")
    base.publish({**pack(), "pack.yaml": "name: acbase\nversion: 1.0.0\n"})
    files = {"pack.yaml": f'name: acme\nversion: 1.0.0\nextends: ["{base.source}"]\n'}
    place.publish(files)
    polcheck("pack", "add", place.source)  # nobody asks for signatures yet: now the base is at hand for signing
    place.publish(signed(files, keys["ours"], Path("signing"), polcheck))
    Path("polcheck.lock").unlink()
    config(place, public(keys["ours"]))
    error = polcheck("run", status=2).err
    assert base.source in error and "is not signed" in error


def test_verify_says_who_signed(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """`verify SOURCE` names the key of every signature; with --key, only that one will do."""
    folder = tmp_path / "signing"
    signed(pack(), keys["ours"], folder, polcheck)
    signed_once = (folder / "pack.sig").read_text()
    polcheck("pack", "sign", str(folder), "--key", str(keys["ours"]))
    assert (folder / "pack.sig").read_text() == signed_once  # Ed25519 gives the same again
    polcheck("pack", "sign", str(folder), "--key", str(keys["theirs"]))
    lines = polcheck("pack", "verify", str(folder)).out.splitlines()
    assert len(lines) == 2 and all("signed by SHA256:" in line for line in lines)
    assert polcheck("pack", "verify", str(folder), "--key", public(keys["ours"]), status=1).out.count("FAULT") == 1
    (folder / "README").write_text("more")
    assert polcheck("pack", "verify", str(folder), status=1).out.count("FAULT") == 2
    assert "it is not signed" in polcheck("pack", "verify", "python-project", status=1).out


def test_the_signature_is_not_part_of_what_it_signs(keys: dict[str, Path], polcheck: Polcheck, tmp_path: Path) -> None:
    """Signing changes no content digest."""
    folder = write(tmp_path / "signing", pack())
    before = polcheck("pack", "show", str(folder), "-f", "json").out
    polcheck("pack", "sign", str(folder), "--key", str(keys["ours"]))
    after = polcheck("pack", "show", str(folder), "-f", "json").out
    assert [line for line in before.splitlines() if "digest" in line] == [
        line for line in after.splitlines() if "digest" in line
    ]
    assert '"signatures": []' in before and '"signatures": []' not in after


def test_signing_without_a_key_is_refused(polcheck: Polcheck, tmp_path: Path) -> None:
    """A key that isn't there, or is none, is told as such."""
    folder = write(tmp_path / "signing", pack())
    assert "there is no key `nowhere`" in polcheck("pack", "sign", str(folder), "-k", "nowhere", status=2).err
    Path("bad").write_text("x")
    assert "can't sign with `bad`" in polcheck("pack", "sign", str(folder), "-k", "bad", status=2).err


ARMOUR = b"-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"


def test_two_statements_never_have_one_message() -> None:
    """Name, version and digest can't run into each other."""
    messages = {
        Statement(name, version, "sha256:0").message for name in ("a", "b", "a b") for version in ("1", "b", "1 b")
    }
    assert len(messages) == 9


def test_signatures_are_read_back_and_junk_is_passed_over() -> None:
    """What `with_signature` writes, `signatures_in` finds, whatever stands around it."""
    one = Signature(Statement("a", "1", "sha256:0"), ARMOUR)
    two = Signature(Statement("b", "2", "sha256:0"), ARMOUR)
    data = with_signature(with_signature(b"junk\n", one), two)
    assert signatures_in(data, "sha256:0") == [one, two]
    assert with_signature(data, one) == data
    assert signatures_in(b"name: \xff\nversion: 1\n" + ARMOUR, "sha256:0") == []


def test_without_publishers_nothing_has_to_be_signed() -> None:
    """`trusted` that isn't there asks for nothing; one that is asks of every pack."""
    assert Trust().check("x", b"", "sha256:0", lambda *_: False) is None
    trust = Trust((Publisher(("a",), ("k",)),), date(2027, 1, 1))
    with pytest.raises(Untrusted):
        trust.check("x", b"", "sha256:0", lambda *_: True)


def test_signatures_of_two_copies_are_kept_together() -> None:
    """A copy without a signature doesn't take away that of another."""
    one, two = (Signature(Statement(name, "1", "sha256:0"), ARMOUR) for name in ("a", "b"))
    first, second = with_signature(b"", one), with_signature(b"", two)
    assert merged(first, b"") == first == merged(b"", first) == merged(first, first)
    assert signatures_in(merged(first, second), "sha256:0") == [one, two]
