# In the folder of a test's server: the user's key, the configuration, and the folder in which a login begins. Prints where packages
# put sshd, which wants to be called by its whole path.
PATH=$PATH:/usr/sbin:/usr/local/sbin
command -v sshd || { echo "sshd is missing: \`make openssh\` installs it"; exit 1; }
mkdir root
ssh-keygen -q -t ed25519 -N '' -C '' -f id
cp id.pub authorized_keys
cat >config <<CONF
HostKey $PWD/host
AuthorizedKeysFile $PWD/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AllowTcpForwarding no
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d $PWD/root
CONF
# sshd wants it for its unprivileged part.
[ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd
