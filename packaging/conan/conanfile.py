"""The library, with the headers of C and C++, for Conan 2:  conan create packaging/conan

The package is the same for every compiler and build type, since Rust makes it.
"""

import os
import re

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.files import copy, load

required_conan_version = ">=2"


class SgOpenTracking(ConanFile):
    name = "sg_open_tracking"
    description = "Switch SendGrid's open tracking on or off"
    license = "MIT"
    url = homepage = "https://github.com/sg-open-tracking/sg-open-tracking"
    topics = ("sendgrid", "email", "privacy", "open-tracking")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": False}

    @property
    def _top(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        self.version = re.search(r'^version = "(.*)"', load(self, os.path.join(self._top, "Cargo.toml")), re.M)[1]

    def export_sources(self):
        # What cargo asks for, to know the workspace, and no more.
        for part in ("Cargo.*", "LICENSE", "Makefile", "build.rs", "cbindgen.toml", "include/*", "src/*", "client/*",
                     "packaging/*.sh", "bindings/cpp/include/*", "bindings/cli/*", "benches/*.rs", "tests/faults/*",
                     "tests/sandbox/*", "tests/static/*"):
            copy(self, part, self._top, self.export_sources_folder, excludes=("*/target/*", "packaging/conan/*"))

    def package_id(self):
        del self.info.settings.compiler
        del self.info.settings.build_type

    def build_id(self):
        self.info_build.options.shared = "Any"  # cargo makes both in one go

    def validate(self):
        if self.settings.os != "Linux" or self.settings_build.arch != self.settings.arch:
            raise ConanInvalidConfiguration("this recipe builds for Linux, on the processor that it is for")

    def build(self):
        self.run("make library")

    def package(self):
        built, lib = os.path.join(self.build_folder, "target", "release"), os.path.join(self.package_folder, "lib")
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        for headers in ("include", os.path.join("bindings", "cpp", "include")):
            copy(self, "*.h*", os.path.join(self.source_folder, headers), os.path.join(self.package_folder, "include"))
        if self.options.shared:
            copy(self, "libsg_open_tracking.so*", built, lib, excludes="*.debug")
        else:
            copy(self, "libsg_open_tracking.a", built, lib)

    def package_info(self):
        # As in what `make install` installs.
        self.cpp_info.set_property("pkg_config_name", "sg_open_tracking")
        self.cpp_info.set_property("cmake_file_name", "sg_open_tracking")
        target = "shared" if self.options.shared else "static"
        self.cpp_info.set_property("cmake_target_name", f"sg_open_tracking::{target}")
        self.cpp_info.set_property("cmake_target_aliases", ["sg_open_tracking::sg_open_tracking"])
        self.cpp_info.libs = ["sg_open_tracking"]
        if not self.options.shared:
            self.cpp_info.system_libs = ["util", "rt", "pthread", "m", "dl"]
