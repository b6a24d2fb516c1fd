"""What is in the wheel and the source archive."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]

SDK = {"__init__", "api", "client", "config", "exceptions", "http", "models", "webhooks"}
"""What the hosted service's SDK has in ``mailtrap/``: two wheels must not own one file."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    [file] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    return set(zipfile.ZipFile(file).namelist())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    [file] = SdistBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("sdist")), versions=["standard"])
    with tarfile.open(file) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}


def test_the_wheel_shares_no_name_with_the_vendors_sdk(wheel: set[str]) -> None:
    ours = {name.split("/")[1].removesuffix(".py") for name in wheel if name.startswith("mailtrap/")}

    assert ours & SDK == set()


def test_the_wheel_has_the_three_packages_and_nothing_else(wheel: set[str]) -> None:
    assert {name.partition("/")[0].partition("-")[0] for name in wheel} == {
        "mailtrap",
        "mailtrap_web",
        "pytest_mailtrap",
        "mailtrap_sandbox",
    }


def test_the_wheel_has_every_file_of_the_packages(wheel: set[str]) -> None:
    folders = (ROOT / "mailtrap", ROOT / "web" / "mailtrap_web", ROOT / "pytest_plugin" / "pytest_mailtrap")
    files = {
        str(file.relative_to(folder.parent))
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }

    assert files - wheel == set()


@pytest.mark.parametrize("package", ["mailtrap", "mailtrap_web", "pytest_mailtrap"])
def test_the_wheel_says_that_its_packages_are_typed(wheel: set[str], package: str) -> None:
    assert f"{package}/py.typed" in wheel


def test_the_source_archive_can_be_built_and_tested_from(sdist: set[str]) -> None:
    assert {
        "pyproject.toml",
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "tests/conftest.py",
        "docs/conf.py",
        ".ci/run",
    } <= sdist
