"""An SFTP server (asyncssh) for one folder and one key: sftp-server.py FOLDER HOST_KEY AUTHORIZED_KEYS. Prints its port."""

import asyncio
import sys

import asyncssh


class Folder(asyncssh.SFTPServer):
    """Says at the end that all went well, as OpenSSH does: restic calls anything else a failure."""

    def exit(self) -> None:
        self.channel.exit(0)


async def main() -> None:
    folder, host_key, authorized = sys.argv[1:]
    server = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[host_key],
        authorized_client_keys=authorized,
        sftp_factory=lambda channel: Folder(channel, chroot=folder),
    )
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await server.wait_closed()


asyncio.run(main())
