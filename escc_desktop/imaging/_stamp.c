/* What one move of a brush changes: where its stamp stands on the way, and the voxels under it at each of these places. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

#define AXES 3
#define SAME 1e-9
#define FARTHEST 1e6

typedef struct {
    uint8_t *first;
    Py_ssize_t shape[AXES], strides[AXES];
} Voxels;

typedef struct {
    Py_ssize_t start[AXES], stop[AXES];
} Box;

static void put(uint8_t *restrict to, const uint8_t *restrict inside, Py_ssize_t n)
{
    for (Py_ssize_t x = 0; x < n; x++)
        to[x] |= inside[x];
}

static void clear(uint8_t *restrict to, const uint8_t *restrict inside, Py_ssize_t n)
{
    for (Py_ssize_t x = 0; x < n; x++)
        to[x] &= (uint8_t)(inside[x] ^ 1);
}

/* The part of the grid under the stamp at a corner; 0 where none of it is. */
static int clip(const Voxels *voxels, const Voxels *stamp, const Py_ssize_t *corner, Box *box)
{
    for (int axis = 0; axis < AXES; axis++) {
        const Py_ssize_t at = corner[axis], n = stamp->shape[axis], end = voxels->shape[axis];
        if (n <= 0 || at >= end || at <= -n)
            return 0;
        box->start[axis] = at > 0 ? at : 0;
        box->stop[axis] = at < end - n ? at + n : end;
        if (box->stop[axis] <= box->start[axis])
            return 0;
    }
    return 1;
}

WIDE static void press(const Voxels *voxels, const Voxels *stamp, const Py_ssize_t *corner, const Box *box, int value)
{
    const Py_ssize_t n = box->stop[2] - box->start[2];
    for (Py_ssize_t z = box->start[0]; z < box->stop[0]; z++)
        for (Py_ssize_t y = box->start[1]; y < box->stop[1]; y++) {
            uint8_t *to = voxels->first + z * voxels->strides[0] + y * voxels->strides[1] + box->start[2];
            const uint8_t *inside = stamp->first + (z - corner[0]) * stamp->strides[0] +
                                    (y - corner[1]) * stamp->strides[1] + (box->start[2] - corner[2]);
            if (value)
                put(to, inside, n);
            else
                clear(to, inside, n);
        }
}

static void widen(Box *all, const Box *box, int is_first)
{
    for (int axis = 0; axis < AXES; axis++) {
        if (is_first || box->start[axis] < all->start[axis])
            all->start[axis] = box->start[axis];
        if (is_first || box->stop[axis] > all->stop[axis])
            all->stop[axis] = box->stop[axis];
    }
}

static int corner_of(PyObject *corners, Py_ssize_t i, Py_ssize_t *corner)
{
    PyObject *one = PySequence_GetItem(corners, i);
    const int is_read = one && PyArg_ParseTuple(one, "nnn", &corner[0], &corner[1], &corner[2]);
    Py_XDECREF(one);
    return is_read;
}

static PyObject *stroke(const Voxels *voxels, const Voxels *stamp, PyObject *corners, int value)
{
    const Py_ssize_t n = PySequence_Size(corners);
    Box all = {{0, 0, 0}, {0, 0, 0}}, box;
    int n_touched = 0;
    if (n < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t corner[AXES];
        if (!corner_of(corners, i, corner))
            return NULL;
        if (clip(voxels, stamp, corner, &box)) {
            press(voxels, stamp, corner, &box, value);
            widen(&all, &box, n_touched++ == 0);
        }
    }
    if (!n_touched)
        Py_RETURN_NONE;
    return Py_BuildValue("nnnnnn", all.start[0], all.stop[0], all.start[1], all.stop[1], all.start[2], all.stop[2]);
}

PyDoc_STRVAR(touch_doc,
    "touch(voxels, stamp, corners, value)\n--\n\n"
    "Set `voxels` (boolean, z, y, x) where the `stamp` (likewise) is true, wherever it is put: at every one of the\n"
    "`corners`, which are tuples (z, y, x) and may lie outside. Return the box touched as six numbers, start and stop\n"
    "along z, y and x, or None. Voxels of a row lie side by side, in both.");

static Voxels voxels_of(const Py_buffer *view)
{
    Voxels voxels = {view->buf, {0, 0, 0}, {0, 0, 0}};
    for (int axis = 0; axis < AXES; axis++) {
        voxels.shape[axis] = view->shape[axis];
        voxels.strides[axis] = view->strides[axis];
    }
    return voxels;
}

static PyObject *touch(PyObject *module, PyObject *args)
{
    static const int flags[2] = {PyBUF_STRIDES | PyBUF_WRITABLE, PyBUF_STRIDES};
    PyObject *objects[2], *corners, *result = NULL;
    Py_buffer views[2];
    int value, taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOp", &objects[0], &objects[1], &corners, &value))
        return NULL;
    while (taken < 2 && PyObject_GetBuffer(objects[taken], &views[taken], flags[taken]) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == 1 && views[i].ndim == AXES && views[i].strides[AXES - 1] == 1;
    if (taken == 2 && fits) {
        const Voxels voxels = voxels_of(&views[0]), stamp = voxels_of(&views[1]);
        result = stroke(&voxels, &stamp, corners, value);
    } else if (taken == 2) {
        PyErr_SetString(PyExc_ValueError, "arrays of other types or dimensions");
    }
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

typedef struct {
    double first[AXES], way[AXES]; /* where it begins, and from there to its end */
} Line;

static int compared(const void *one, const void *other)
{
    const double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

/* The first whole number above the lower end of a line along an axis, and how many lie between its ends. */
static double crossings(const Line *line, int axis, double *n)
{
    const double one = line->first[axis], other = one + line->way[axis];
    const double bound = floor(one < other ? one : other) + 1;
    *n = ceil(one < other ? other : one) - bound;
    return bound;
}

/* Append the place a line has reached, unless it is the last one still. */
static int reach(const Line *line, double time, Py_ssize_t *last, PyObject *places)
{
    Py_ssize_t at[AXES];
    for (int axis = 0; axis < AXES; axis++)
        at[axis] = (Py_ssize_t)floor(line->first[axis] + time * line->way[axis]);
    if (PyList_Size(places) && at[0] == last[0] && at[1] == last[1] && at[2] == last[2])
        return 1;
    for (int axis = 0; axis < AXES; axis++)
        last[axis] = at[axis];
    PyObject *place = Py_BuildValue("nnn", at[0], at[1], at[2]);
    const int is_there = place && PyList_Append(places, place) == 0;
    Py_XDECREF(place);
    return is_there;
}

/* `times` has room for all crossings and both ends. */
static int follow(const Line *line, double *times, PyObject *places)
{
    Py_ssize_t n = 0, last[AXES] = {0, 0, 0};
    times[n++] = 0;
    times[n++] = 1;
    for (int axis = 0; axis < AXES; axis++) {
        double count;
        const double bound = crossings(line, axis, &count);
        for (double i = 0; i < count; i++)
            times[n++] = (bound + i - line->first[axis]) / line->way[axis];
    }
    qsort(times, (size_t)n, sizeof(double), compared);
    for (Py_ssize_t i = 1; i < n; i++)
        /* Where the line goes through a corner of the grid, two crossings are one. */
        if (times[i] - times[i - 1] > SAME && !reach(line, (times[i - 1] + times[i]) / 2, last, places))
            return 0;
    return 1;
}

PyDoc_STRVAR(walk_doc,
    "walk(start, way)\n--\n\n"
    "Return the voxels, as tuples (z, y, x) in order, each once, that a straight line goes through; a voxel begins at\n"
    "its number. `start` and the `way` from there to the end are tuples (z, y, x), less than a million voxels.");

static PyObject *walk(PyObject *module, PyObject *args)
{
    Line line;
    double room = 2;
    (void)module;
    if (!PyArg_ParseTuple(args, "(ddd)(ddd)", &line.first[0], &line.first[1], &line.first[2], &line.way[0],
                          &line.way[1], &line.way[2]))
        return NULL;
    for (int axis = 0; axis < AXES; axis++) {
        double n;
        if (!(fabs(line.first[axis]) + fabs(line.way[axis]) < FARTHEST)) {
            PyErr_SetString(PyExc_ValueError, "a line that goes too far");
            return NULL;
        }
        crossings(&line, axis, &n);
        room += n > 0 ? n : 0;
    }
    double *times = malloc((size_t)room * sizeof(double));
    PyObject *places = times ? PyList_New(0) : PyErr_NoMemory();
    if (places && !follow(&line, times, places))
        Py_CLEAR(places);
    free(times);
    return places;
}

static PyMethodDef methods[] = {
    {"walk", walk, METH_VARARGS, walk_doc},
    {"touch", touch, METH_VARARGS, touch_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_stamp", "What a brush does to voxels.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__stamp(void);

PyMODINIT_FUNC PyInit__stamp(void)
{
    return PyModule_Create(&module);
}
