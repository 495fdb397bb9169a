# Runs a program in a home on a disk of its own that has room for so many bytes more, and puts what it left there back into the
# real home. To be run by root of a name space of mounts: disk.sh BYTES HOME BESIDE PROGRAM ARGUMENT...
set -e
bytes=$1 home=$2 beside=$3
shift 3
result=97
trap '[ "$result" -ne 97 ] || echo "the small disk cannot be made or read back" >&2; exit "$result"' EXIT
# The real home in a second place, not below the home: the disk hides the first, and whoever goes up from a folder in it would
# end on the disk.
real=$(mktemp -d -p /tmp)
mount --bind "$home" "$real"
mount -t tmpfs -o mode=0700 lifeboat "$home"
mkdir "$home/home" "$home/beside"
cp -a "$real/." "$home/home"
cp -a "$beside/." "$home/beside"
used=$(df --block-size=1 --output=used "$home" | tail -n 1)
size=$((used + bytes))
# To the kernel, nothing is no limit; the least is a page.
[ "$size" -gt 0 ] || size=1
# With the source named, no other option is repeated: a number of the user would mean nothing here.
mount -t tmpfs -o "remount,size=$size" lifeboat "$home"
mount --bind "$home/beside" "$beside"
mount --bind "$home/home" "$home"
code=0
# Whoever ends this shell ends the program too.
setpriv --pdeathsig KILL env --chdir="$home" "$@" || code=$?
find "$real" -mindepth 1 -delete
cp -a "$home/." "$real"
umount "$home"
umount "$real"
rmdir "$real"
umount "$beside"
find "$beside" -mindepth 1 -delete
cp -a "$home/beside/." "$beside"
result=$code
