"""How long does `import segmodels` take in a fresh process?"""

from collections.abc import Mapping

from measure import Clock, main, measure, write

AT_MOST = 0.3


def nothing() -> Mapping[str, object]:
    return {}


def ours() -> Mapping[str, object]:
    with Clock() as clock:
        import segmodels  # noqa: F401
    return clock.seconds


def names() -> Mapping[str, object]:
    with Clock() as clock:
        import segmodels

        for name in segmodels.__all__:
            getattr(segmodels, name)
    return clock.seconds


def drive() -> None:
    empty = measure(__file__, "nothing", name="a process that imports nothing", runs=9)
    light = measure(__file__, "ours", name="import segmodels", runs=9)
    first = measure(__file__, "names", name="and load every public name")
    findings = {f"import segmodels (at most {AT_MOST} s)": f"{light.part_wall:.3f} s"}
    write("import_time", "Importing the package", [empty, light, first], findings)


if __name__ == "__main__":
    main({"nothing": nothing, "ours": ours, "names": names}, drive)
