"""What a test takes from the npm registry, as its lock file names it; no script of a package is run."""
import subprocess


def packages(folder, into):
    """The packages of folder/package.json, in `into` of the build; its path."""
    into.mkdir(parents=True, exist_ok=True)
    fresh = not (into / "node_modules").is_dir()
    for name in ("package.json", "package-lock.json"):
        text = (folder / name).read_bytes()
        if not (into / name).exists() or (into / name).read_bytes() != text:
            (into / name).write_bytes(text)
            fresh = True
    if fresh:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--omit=dev"], cwd=into, check=True,
                       stdout=subprocess.DEVNULL)
    return into
