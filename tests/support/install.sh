# SPDX-License-Identifier: BSD-3-Clause
# Sourced by quickstart.sh and run.sh: install_packages NAME... installs the Debian packages that are
# missing (Debian 12, 13 and like Ubuntu), with sudo only if the user is not root.

BUILD_PACKAGES="gcc libc6-dev meson ninja-build pkg-config libblis-dev liblapacke-dev
    libprotobuf-c-dev protobuf-c-compiler libonnx-dev libcjson-dev
    zlib1g-dev"
TEST_PACKAGES="check swig python3 python3-dev python3-numpy g++"

install_packages() {
    missing=
    for package in "$@"; do
        case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
        *' installed') ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -z "$missing" ] && return 0
    echo "installing:$missing"
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root=sudo
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        $missing >/dev/null
}

# A Python or a meson of another origin (pyenv, pip) in front of Debian's would not see Debian's
# packages.
PATH="/usr/bin:$PATH"
export PATH
