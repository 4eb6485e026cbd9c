import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from scripts.build import cuts

MODEL = {
    "metadata": {"endpointPrefix": "states"},
    "documentation": "<p>All of it</p>",
    "operations": {"StartExecution": {"documentation": "<p>Starts.</p>", "idempotent": True}},
    "shapes": {"Page": {"members": {"documentation": {"shape": "Text"}}, "type": "structure"}},
}


def put(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content)
    if file.suffix == ".gz":
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text)


def there(folder: Path) -> list[str]:
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


class TestServices:
    @pytest.fixture
    def data(self, tmp_path: Path) -> Path:
        data = tmp_path / "botocore/data"
        put(data / "stepfunctions/2011-01-01/service-2.json.gz", MODEL)
        put(data / "stepfunctions/2016-11-23/service-2.json.gz", MODEL)
        put(data / "stepfunctions/2016-11-23/paginators-1.json", {"pagination": {}})
        put(data / "stepfunctions/2016-11-23/examples-1.json", {"examples": {}})
        put(data / "ec2/2016-11-15/service-2.json.gz", MODEL)
        put(data / "_retry.json", {"retry": {}})
        services = {"ec2": {"endpoints": {}}, "states": {"endpoints": {"eu-west-1": {}}}}
        partitions = [{"partition": name, "services": services} for name in ("aws", "aws-cn")]
        put(data / "endpoints.json", {"partitions": partitions})
        cuts.cut(tmp_path)
        return data

    def test_services_without_a_client_go_and_so_do_old_versions_and_examples(
        self, data: Path
    ) -> None:
        assert there(data) == [
            "_retry.json",
            "endpoints.json",
            "stepfunctions/2016-11-23/paginators-1.json",
            "stepfunctions/2016-11-23/service-2.json",
        ]

    def test_a_model_keeps_all_but_the_texts_of_its_documentation(self, data: Path) -> None:
        model = json.loads((data / "stepfunctions/2016-11-23/service-2.json").read_text())
        assert model == {
            **MODEL,
            "documentation": "",
            "operations": {"StartExecution": {"documentation": "", "idempotent": True}},
        }

    def test_every_partition_keeps_the_endpoints_of_services_that_stay(self, data: Path) -> None:
        partitions = json.loads((data / "endpoints.json").read_text())["partitions"]
        assert [partition["partition"] for partition in partitions] == ["aws", "aws-cn"]
        assert [[*partition["services"]] for partition in partitions] == [["states"], ["states"]]


class TestModules:
    def test_what_is_imported_stays_however_indirectly_and_the_rest_goes(
        self, tmp_path: Path
    ) -> None:
        package = tmp_path / "aws_lambda_powertools"
        files = {
            "__init__.py": "from .tracing import tracer",
            "tracing/__init__.py": "",
            "tracing/tracer.py": "",
            "logging/__init__.py": "from aws_lambda_powertools.logging.logger import Logger",
            "logging/logger.py": "def log():\n    from ..shared.late import late",
            "logging/formatter.py": "if TYPE_CHECKING:\n    import aws_lambda_powertools.types",
            "logging/unused.py": "",
            "metrics.py": "try:\n    import aws_lambda_powertools.other as other\nfinally:\n    0",
            "other/__init__.py": "",
            "other/page.js": "",
            "shared/__init__.py": "",
            "shared/late.py": "from aws_lambda_powertools.event_handler import compat",
            "event_handler/compat.py": "import pydantic",
            "types.py": "",
        }
        for name, text in files.items():
            put(package / name, text)

        cuts.cut(tmp_path)

        gone = {"logging/unused.py", "other/page.js", "event_handler/compat.py", "types.py"}
        assert there(package) == sorted(files.keys() - gone)
        assert not (package / "event_handler").exists()


def test_what_was_never_installed_needs_no_cut(tmp_path: Path) -> None:
    put(tmp_path / "other/__init__.py", "")
    cuts.cut(tmp_path)
    cuts.check(tmp_path)
    assert there(tmp_path) == ["other/__init__.py"]
