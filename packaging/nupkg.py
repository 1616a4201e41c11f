#!/usr/bin/env python3
"""Lays out the NuGet package that `dotnet pack` makes of a project, where there is no dotnet:

    packaging/nupkg.py PROJECT ASSEMBLIES DIRECTORY

Its facts are those of PROJECT, a .csproj. In ASSEMBLIES is a folder for each target framework, with what
was compiled for it. The package is put into DIRECTORY.
"""

import os
import sys
import time
import xml.etree.ElementTree as xml
import zipfile
from pathlib import Path

NUSPEC = "http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"
OPC = "http://schemas.openxmlformats.org/package/2006"
CORE = f"{OPC}/metadata/core-properties"
DC = "http://purl.org/dc/elements/1.1/"
TYPES = {
    "rels": "application/vnd.openxmlformats-package.relationships+xml",
    "psmdcp": "application/vnd.openxmlformats-package.core-properties+xml",
}
# As the project calls them, and as the package's manifest does.
FACTS = {"PackageId": "id", "Version": "version", "Authors": "authors", "PackageReadmeFile": "readme",
         "PackageProjectUrl": "projectUrl", "Description": "description", "PackageTags": "tags"}


def document(element: xml.Element) -> bytes:
    return xml.tostring(element, encoding="utf-8", xml_declaration=True)


def manifest(facts: dict[str, str]) -> bytes:
    package = xml.Element("package", xmlns=NUSPEC)
    metadata = xml.SubElement(package, "metadata")

    def add(name: str, text: str | None = None, parent: xml.Element = metadata, **attributes: str) -> xml.Element:
        element = xml.SubElement(parent, name, attributes)
        element.text = text
        return element

    for fact, name in FACTS.items():
        add(name, facts[fact].replace(";", " ") if fact == "PackageTags" else facts[fact])
    add("license", facts["PackageLicenseExpression"], type="expression")
    add("licenseUrl", f"https://licenses.nuget.org/{facts['PackageLicenseExpression']}")
    add("repository", type=facts["RepositoryType"], url=facts["RepositoryUrl"])
    dependencies = add("dependencies")
    for framework in facts["TargetFrameworks"].split(";"):
        add("group", parent=dependencies, targetFramework=framework.replace("netstandard", ".NETStandard"))
    return document(package)


def core_properties(facts: dict[str, str]) -> bytes:
    properties = xml.Element(f"{{{CORE}}}coreProperties")
    for name, fact in (("creator", "Authors"), ("description", "Description"), ("identifier", "PackageId")):
        xml.SubElement(properties, f"{{{DC}}}{name}").text = facts[fact]
    xml.SubElement(properties, f"{{{CORE}}}version").text = facts["Version"]
    xml.SubElement(properties, f"{{{CORE}}}keywords").text = facts["PackageTags"].replace(";", " ")
    return document(properties)


def relationships(targets: dict[str, str]) -> bytes:
    root = xml.Element("Relationships", xmlns=f"{OPC}/relationships")
    for number, (kind, target) in enumerate(targets.items()):
        xml.SubElement(root, "Relationship", {"Type": kind, "Target": f"/{target}", "Id": f"R{number}"})
    return document(root)


def content_types(names: list[str]) -> bytes:
    root = xml.Element("Types", xmlns=f"{OPC}/content-types")
    for extension in sorted({Path(name).suffix[1:] for name in names} - {""}):
        kind = TYPES.get(extension, "application/octet-stream")
        xml.SubElement(root, "Default", {"Extension": extension, "ContentType": kind})
    for name in names:
        if not Path(name).suffix:
            kind = {"PartName": f"/{name}", "ContentType": "application/octet-stream"}
            xml.SubElement(root, "Override", kind)
    return document(root)


def main() -> None:
    project, assemblies, directory = map(Path, sys.argv[1:])
    root = xml.parse(project).getroot()
    facts = {fact.tag: fact.text or "" for group in root.iter("PropertyGroup") for fact in group}
    identity = facts["PackageId"]

    files: dict[str, bytes] = {}
    for framework in facts["TargetFrameworks"].split(";"):
        for kind in ("dll", "xml"):
            name = f"{facts['AssemblyName']}.{kind}"
            files[f"lib/{framework}/{name}"] = (assemblies / framework / name).read_bytes()
    for item in root.iter("None"):
        if item.get("Pack") == "true":
            pattern = item.get("Include", "").replace("/**", "/**/*")
            for path in sorted(path for path in project.parent.glob(pattern) if path.is_file()):
                files[path.relative_to(project.parent).as_posix()] = path.read_bytes()

    nuspec, properties = f"{identity}.nuspec", "package/services/metadata/core-properties/1.psmdcp"
    files[nuspec] = manifest(facts)
    files[properties] = core_properties(facts)
    files["_rels/.rels"] = relationships(
        {"http://schemas.microsoft.com/packaging/2010/07/manifest": nuspec, f"{OPC}/relationships/metadata/core-properties": properties}
    )
    files["[Content_Types].xml"] = content_types([*files, "_rels/x.rels"])

    date = time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", project.stat().st_mtime)))[:6]
    path = directory / f"{identity}.{facts['Version']}.nupkg"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            archive.writestr(zipfile.ZipInfo(name, date), content, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    main()
