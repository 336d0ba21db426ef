//! Finds libarchive, which `src/sys/libarchive` binds: the system's, or, with the feature
//! `bundled`, one that is built here from its source and linked in.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(not(feature = "bundled"))]
    find();
    #[cfg(feature = "bundled")]
    bundled::build();
}

#[cfg(not(feature = "bundled"))]
fn find() {
    // 3.4 is the first that reads every format the binding asks for; Debian 12 has 3.6.
    if let Err(error) = pkg_config::Config::new().atleast_version("3.4").probe("libarchive") {
        eprintln!("komparu needs libarchive, with its headers:");
        eprintln!("  Debian, Ubuntu:  apt-get install libarchive-dev pkg-config");
        eprintln!("  Fedora:          dnf install libarchive-devel pkgconf-pkg-config");
        eprintln!("  macOS:           brew install libarchive pkgconf, and set PKG_CONFIG_PATH");
        eprintln!("                   to \"$(brew --prefix libarchive)/lib/pkgconfig\"");
        eprintln!("{error}");
        std::process::exit(1);
    }
}

#[cfg(feature = "bundled")]
mod bundled {
    use std::env;
    use std::path::{Path, PathBuf};

    /// Where the source is, unless `KOMPARU_LIBARCHIVE` names another place. `make wheel` puts it
    /// there.
    const SOURCE: &str = ".build/libarchive";

    /// What libarchive decompresses with: the prefix that its `CMakeLists.txt` gives the variables,
    /// the name of the crate's `links`, and the library. All of them are crates that komparu
    /// depends on, and have been built when this runs.
    const LIBRARIES: [(&str, &str, &str); 5] = [
        ("BZIP2", "BZIP2", "bz2"),
        ("LIBLZMA", "LZMA", "lzma"),
        ("LZ4", "LZ4", "lz4"),
        ("ZLIB", "Z", "z"),
        ("ZSTD", "ZSTD", "zstd"),
    ];

    /// Left out: programs and tests; what is for writing to disk; parsers of XML, for a format that
    /// is hardly used (xar) and 30 MB of other libraries; and cryptography, since an archive that
    /// is encrypted is an error in any case.
    const WITHOUT: &str = "ACL CAT CNG CPIO EXPAT INSTALL LIBB2 LIBGCC LIBXML2 LZO MBEDTLS NETTLE \
                           OPENSSL PCREPOSIX TAR TEST UNZIP XATTR";

    pub(crate) fn build() {
        println!("cargo:rerun-if-env-changed=KOMPARU_LIBARCHIVE");
        let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
        let source = env::var_os("KOMPARU_LIBARCHIVE").map_or(root.join(SOURCE), PathBuf::from);
        println!("cargo:rerun-if-changed={}", source.join("CMakeLists.txt").display());
        if !source.join("CMakeLists.txt").exists() {
            eprintln!("there is no source of libarchive in {}", source.display());
            eprintln!("scripts/libarchive.sh {} fetches it", source.display());
            std::process::exit(1);
        }

        let mut cmake = cmake::Config::new(source);
        cmake.profile("Release").define("BUILD_SHARED_LIBS", "OFF").build_target("archive_static");
        // Some formats keep dates in local time. To turn them into seconds, mktime asks the environment for TZ
        // each time, which crashes where another thread sets a variable; timegm takes them for UTC instead.
        // Nothing goes by those dates.
        cmake.cflag("-Dmktime=timegm");
        for option in WITHOUT.split_whitespace() {
            cmake.define(format!("ENABLE_{option}"), "OFF");
        }
        // Old releases ask for a CMake that new ones no longer imitate.
        cmake.define("CMAKE_POLICY_VERSION_MINIMUM", "3.5");
        for (prefix, links, library) in LIBRARIES {
            let built = PathBuf::from(variable(&format!("DEP_{links}_ROOT")));
            cmake
                .define(format!("{prefix}_INCLUDE_DIR"), variable(&format!("DEP_{links}_INCLUDE")));
            let library = find_library(&built, library);
            for suffix in ["LIBRARY", "LIBRARY_RELEASE", "LIBRARIES"] {
                cmake.define(format!("{prefix}_{suffix}"), &library);
            }
        }
        let built = cmake.build().join("build/libarchive");
        println!("cargo:rustc-link-search=native={}", built.display());
        println!("cargo:rustc-link-lib=static=archive");
        if variable("CARGO_CFG_TARGET_OS") == "macos" {
            // Elsewhere it is in libc.
            println!("cargo:rustc-link-lib=iconv");
        }
    }

    fn variable(name: &str) -> String {
        env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for a build with `bundled`"))
    }

    /// The static library, wherever its crate left it.
    fn find_library(built: &Path, name: &str) -> PathBuf {
        ["", "lib", "lib64", "build"]
            .iter()
            .map(|directory| built.join(directory).join(format!("lib{name}.a")))
            .find(|path| path.exists())
            .unwrap_or_else(|| panic!("{} has no lib{name}.a", built.display()))
    }
}
