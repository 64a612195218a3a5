//! Where a container's data would be lost with it, and where not.

use std::path::Path;

use server::kept::{existing, is_kept};

/// As Docker mounts: its layers, a volume, a directory of the machine, memory.
const MOUNTS: &str = r"
1026 923 0:152 / / rw,relatime master:338 - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A:/var/lib/docker/overlay2/l/B
1027 1026 0:155 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw
1028 1026 0:156 / /dev rw,nosuid - tmpfs tmpfs rw,size=65536k,mode=755
1046 1026 254:1 /docker/volumes/showup/_data /var/lib/showup rw,relatime master:29 - ext4 /dev/vda1 rw
1047 1026 254:1 /home/ann/my\040data /srv/my\040data rw,relatime - xfs /dev/vda2 rw
1048 1046 0:160 / /var/lib/showup/quick rw,relatime - tmpfs tmpfs rw
1049 1026 0:161 / /twice rw - tmpfs tmpfs rw
1050 1026 254:1 /x /twice rw - ext4 /dev/vda1 rw";

#[test]
fn a_volume_is_kept_and_what_is_in_the_container_or_in_memory_is_not() {
    for (place, kept) in [
        ("/var/lib/showup", true),
        ("/var/lib/showup/data", true),
        ("/var/lib/showup2", false),
        ("/var/lib", false),
        ("/data", false),
        ("/", false),
        ("/var/lib/showup/quick/data", false),
        ("/dev/shm", false),
        ("/srv/my data", true),
        ("/twice", true),
    ] {
        assert_eq!(is_kept(MOUNTS, Path::new(place)), kept, "{place}");
    }
    assert!(!is_kept("", Path::new("/data")) && !is_kept("nonsense - \n - x", Path::new("/data")));
}

#[test]
fn a_directory_that_is_still_to_be_made_lies_where_its_parent_does() {
    let here = tempfile::tempdir().expect("a directory");
    let real = here.path().canonicalize().expect("it is there");
    std::os::unix::fs::symlink(&real, real.join("link")).expect("a link");
    assert_eq!(existing(&real.join("link/new/data")), real);
}
