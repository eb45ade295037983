"""The painter of the 3D view: a process of its own in which VTK paints surfaces into a picture off screen.

Run as ``python -m escc_desktop.gui.viewer.surface_view``; the only importer of VTK. A graphics driver that fails
takes this process with it, not the reading, and loading VTK holds nobody up.
"""

from __future__ import annotations

import os
import sys
from typing import IO, Any, Final

import numpy as np
import vtkmodules.vtkRenderingOpenGL2  # noqa: F401  # without it a render window is an empty shell
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkPlane, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D, vtkPolyDataNormals, vtkWindowedSincPolyDataFilter
from vtkmodules.vtkFiltersSources import vtkPlaneSource
from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper, vtkRenderer, vtkRenderWindow, vtkTexture

from escc_desktop.imaging.sandbox import read_frame, write_frame

_SMOOTHING_ROUNDS: Final = 30
_PASS_BAND: Final = 0.03
_FARTHEST: Final = 0.35
_LEAST_PX: Final = 16
Message = dict[str, Any]


class Scene:
    """Surfaces, the cut, and the window nobody sees; each message is one method's arguments."""

    def __init__(self) -> None:
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0.0, 0.0, 0.0)
        self._renderer.UseFXAAOn()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.AddRenderer(self._renderer)
        self._actors: dict[str, vtkActor] = {}
        self._cut: tuple[vtkActor, NDArray[np.float64], NDArray[np.float64]] | None = None
        self._plane = vtkPlane()

    @property
    def is_able(self) -> bool:
        """Whether the system has what surfaces are painted with."""
        return bool(self._window.SupportsOpenGL())

    def region(self, message: Message, payload: bytes) -> None:
        """Show the surface of a region: packed bits of a box of voxels."""
        shape = message["shape"]
        bits = np.unpackbits(np.frombuffer(payload, dtype=np.uint8), count=int(np.prod(shape)))
        actor = _actor(np.pad(bits.reshape(shape), 1), 0.5, message, is_smoothed=True)
        self._put(message["name"], actor)

    def tissue(self, message: Message, payload: bytes) -> None:
        """Show where a box of voxels exceeds a value."""
        values = np.frombuffer(payload, dtype=np.int16).reshape(message["shape"])
        low = np.iinfo(np.int16).min
        padded = np.pad(values, 1, constant_values=low)
        actor = _actor(padded, float(message["above"]), message, is_smoothed=False)
        actor.GetProperty().BackfaceCullingOn()
        self._put(message["name"], actor)

    def drop(self, message: Message, _payload: bytes) -> None:
        """Show one thing less."""
        actor = self._actors.pop(message["name"], None)
        if actor is not None:
            self._renderer.RemoveActor(actor)

    def cut(self, message: Message, payload: bytes) -> None:
        """Cut everything along a slice and show its picture there; no corners for no cut."""
        if self._cut is not None:
            self._renderer.RemoveActor(self._cut[0])
            self._cut = None
        if not message["corners"]:
            return
        first, second, third = (np.array(corner) for corner in message["corners"])
        rows, columns = message["shape"]
        picture = vtkImageData()
        picture.SetDimensions(columns, rows, 1)
        colors = np.frombuffer(payload, dtype=np.uint8).reshape(-1, 4)
        picture.GetPointData().SetScalars(numpy_to_vtk(colors, deep=True))
        texture = vtkTexture()
        texture.SetInputData(picture)
        texture.InterpolateOn()
        source = vtkPlaneSource()
        source.SetOrigin(*first)
        source.SetPoint1(*second)
        source.SetPoint2(*third)
        mapper = vtkPolyDataMapper()
        mapper.SetInputConnection(source.GetOutputPort())
        actor = vtkActor()
        actor.SetMapper(mapper)
        actor.SetTexture(texture)
        actor.GetProperty().LightingOff()
        actor.ForceTranslucentOn()
        self._renderer.AddActor(actor)
        normal = np.cross(second - first, third - first)
        self._cut = actor, first, normal / np.linalg.norm(normal)

    def paint(self, message: Message) -> tuple[Message, bytes]:
        """Return the picture: rows from the top, three bytes a pixel."""
        width, height = (max(int(length), _LEAST_PX) for length in message["size"])
        self._window.SetSize(width, height)
        focus, towards, up = (np.array(message[name]) for name in ("focus", "towards", "up"))
        camera = self._renderer.GetActiveCamera()
        camera.SetFocalPoint(*focus)
        camera.SetPosition(*(focus + towards * 4 * message["reach_mm"]))
        camera.SetViewUp(*up)
        camera.SetParallelScale(message["half_height_mm"])
        self._clip(towards)
        self._renderer.ResetCameraClippingRange()
        self._window.Render()
        colors = vtkUnsignedCharArray()
        # The transparent background of the fourth byte would shine through: only three are taken.
        self._window.GetPixelData(0, 0, width - 1, height - 1, 1, colors, 0)
        picture = vtk_to_numpy(colors).reshape(height, width, 3)[::-1]
        return {"size": [width, height]}, picture.tobytes()

    def _clip(self, towards: NDArray[np.float64]) -> None:
        """Take away what lies between the cut and whoever looks."""
        for actor in self._actors.values():
            actor.GetMapper().RemoveAllClippingPlanes()
            if self._cut is not None:
                actor.GetMapper().AddClippingPlane(self._plane)
        if self._cut is not None:
            _actor, origin, normal = self._cut
            self._plane.SetOrigin(*origin)
            self._plane.SetNormal(*(-normal if normal @ towards > 0 else normal))

    def _put(self, name: str, actor: vtkActor) -> None:
        self.drop({"name": name}, b"")
        self._actors[name] = actor
        self._renderer.AddActor(actor)


def _actor(values: NDArray[Any], level: float, message: Message, *, is_smoothed: bool) -> vtkActor:
    """Return where values (z, y, x), padded by one voxel, exceed a level, as a thing to show."""
    normals = vtkPolyDataNormals()
    normals.SplittingOff()
    normals.ConsistencyOff()
    mesh = _mesh(values, level, np.array(message["affine"]))
    normals.SetInputData(_smoothed(mesh, np.array(message["affine"])[:, :3]) if is_smoothed else mesh)
    normals.Update()
    mapper = vtkPolyDataMapper()
    mapper.SetInputData(normals.GetOutput())
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetColor(*message["color"])
    look.SetOpacity(message["opacity"])
    look.SetSpecular(0.25)
    look.SetSpecularPower(20.0)
    return actor


def _smoothed(mesh: vtkPolyData, axes: NDArray[np.float64]) -> vtkPolyData:
    """Return a surface without the terraces of slices, no point of it moved out of its voxel."""
    smoother = vtkWindowedSincPolyDataFilter()
    smoother.SetInputData(mesh)
    smoother.SetNumberOfIterations(_SMOOTHING_ROUNDS)
    smoother.SetPassBand(_PASS_BAND)
    smoother.NormalizeCoordinatesOn()
    smoother.Update()
    smooth: vtkPolyData = smoother.GetOutput()
    if mesh.GetNumberOfPoints():
        before, after = (vtk_to_numpy(one.GetPoints().GetData()) for one in (mesh, smooth))
        # Unlimited, what is a voxel thick would be smoothed away.
        moved = np.clip((after - before) @ np.linalg.inv(axes).T, -_FARTHEST, _FARTHEST)
        after[:] = before + moved @ axes.T
    return smooth


def _mesh(values: NDArray[Any], level: float, affine: NDArray[np.float64]) -> vtkPolyData:
    image = vtkImageData()
    image.SetDimensions(*values.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(values.ravel(), deep=True))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeGradientsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    mesh: vtkPolyData = edges.GetOutput()
    if mesh.GetNumberOfPoints():
        points = vtk_to_numpy(mesh.GetPoints().GetData())
        points[:] = (points - 1.0) @ affine[:, :3].T + affine[:, 3]
    return mesh


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Take orders until the window closes the pipe; only pictures are answered."""
    scene = Scene()
    while True:
        try:
            message, payload = read_frame(requests)
        except EOFError:
            return
        order = message.pop("order")
        if order == "paint":
            write_frame(answers, *(scene.paint(message) if scene.is_able else ({"code": "no_opengl"}, b"")))
        else:
            {"region": scene.region, "tissue": scene.tissue, "cut": scene.cut, "drop": scene.drop}[order](
                message, payload
            )


def main() -> None:
    """Take over the pipes and serve."""
    answers = os.fdopen(os.dup(1), "wb")
    # Libraries that print would break the frames.
    with open(os.devnull, "wb") as silence:  # noqa: PTH123  # a device, not a file
        os.dup2(silence.fileno(), 1)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
