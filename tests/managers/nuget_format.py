"""Whether a NuGet package is what the format asks for:  tests/managers/nuget_format.py PACKAGE"""

import re
import sys
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

OPC = "{http://schemas.openxmlformats.org/package/2006"
path = Path(sys.argv[1])
wrong: list[str] = []


def expect(holds: object, what: str) -> None:
    if not holds:
        wrong.append(what)


with zipfile.ZipFile(path) as package:
    names = package.namelist()
    parts = {name: package.read(name) for name in names}
expect(len(names) == len({name.lower() for name in names}), "no two parts differ in case alone")

types = xml.fromstring(parts["[Content_Types].xml"])
extensions = {kind.get("Extension") for kind in types.iter(f"{OPC}/content-types}}Default")}
parts_named = {kind.get("PartName") for kind in types.iter(f"{OPC}/content-types}}Override")}
for name in names:
    if name != "[Content_Types].xml":
        expect(Path(name).suffix[1:] in extensions or f"/{name}" in parts_named, f"{name} has a content type")

targets = [relation.get("Target", "") for relation in xml.fromstring(parts["_rels/.rels"])]
for target in targets:
    expect(target[1:] in parts, f"the target {target} is there")
manifests = [name for name in names if name.endswith(".nuspec")]
expect(len(manifests) == 1 and f"/{manifests[0]}" in targets and "/" not in manifests[0], "one manifest, at the root")

root = xml.fromstring(parts[manifests[0]])
namespace = root.tag[: root.tag.index("}") + 1]
metadata = {element.tag.removeprefix(namespace): element for element in root.find(f"{namespace}metadata") or ()}
text = {name: element.text or "" for name, element in metadata.items()}
for needed in ("id", "version", "authors", "description"):
    expect(text.get(needed), f"the manifest has {needed}")
expect(re.fullmatch(r"\w+(?:[.-]\w+)*", text["id"]) and manifests[0] == f"{text['id']}.nuspec", "the id is well formed")
expect(path.name == f"{text['id']}.{text['version']}.nupkg", "the file has the name of id and version")
expect(text["readme"] in parts, "the readme is there")
expect(metadata["license"].get("type") == "expression", "the licence is an expression")

groups = {group.get("targetFramework", "") for group in metadata["dependencies"]}
frameworks = {name.split("/")[1] for name in names if name.startswith("lib/")}
expect({group.removeprefix(".").lower() for group in groups} == frameworks, "each framework has its dependencies")
expect(all(re.fullmatch(r"runtimes/[a-z0-9-]+/native/[^/]+", name) for name in names if name.startswith("runtimes/")),
       "what is in runtimes/ is where NuGet looks")
expect(any(name.startswith("runtimes/linux-x64/native/libsg_open_tracking.so") for name in names), "the library is in it")

print(*(f"not so: {what}" for what in wrong), sep="\n")
sys.exit(bool(wrong))
