from __future__ import annotations

import numpy as np

from escc_desktop.figures.lesion_course import Shot, lesion_course
from escc_desktop.figures.roi import voxel_edges
from escc_desktop.imaging.axial import Crop


def crop() -> Crop:
    outline = np.zeros((20, 24), dtype=bool)
    outline[5:12, 6:15] = True
    return Crop(np.full((20, 24), 40, dtype=np.int16), outline, (1.0, 2.0))


def lines(figure, gid):
    return [c for axes in figure.axes for c in axes.collections if c.get_gid() == gid]


def test_that_each_picture_says_what_it_is_and_a_proposal_is_drawn_otherwise(read, cut_texts) -> None:
    shots = [Shot(crop(), f"2024-0{n}-01, signed reading") for n in range(1, 5)]
    figure = lesion_course([*shots, Shot(crop(), "2024-06-01, PROPOSAL", is_proposal=True)])
    assert "2024-06-01, PROPOSAL" in read(figure)
    assert not cut_texts(figure)
    drawn, proposed = lines(figure, "outline"), lines(figure, "proposal")
    assert (len(drawn), len(proposed)) == (4, 1)
    whole = voxel_edges(crop().outline, (1.0, 2.0))
    assert len(drawn[0].get_segments()) == len(whole)
    assert 0.3 * len(whole) < len(proposed[0].get_segments()) < 0.7 * len(whole)
    assert drawn[0].get_color().tolist() != proposed[0].get_color().tolist()


def test_that_a_course_without_pictures_says_so(read) -> None:
    assert "No outline, no picture." in read(lesion_course([]))
