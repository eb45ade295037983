/* The border between voxels in and out of a region, pixel by pixel of the screen. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *first;
    Py_ssize_t top, left; /* row and column of the first one */
    Py_ssize_t rows, columns, down, right; /* bytes to the next row, column */
} Voxels;

typedef struct {
    char *first;
    Py_ssize_t height, width, down; /* bytes to the next row */
} Picture;

typedef struct {
    Py_ssize_t before, after; /* pixels that a line is thicker than one, towards lower and higher indices */
    Py_ssize_t dash;          /* length of a dash in pixels; 0 for none */
    Py_ssize_t phase;         /* where the dashes begin */
    uint32_t color;
} Pen;

/* Dot a pixel of the border as thick as the pen. */
static void dot(const Picture *to, Py_ssize_t y, Py_ssize_t x, const Pen *pen)
{
    for (Py_ssize_t j = y - pen->before; j <= y + pen->after; j++)
        for (Py_ssize_t i = x - pen->before; i <= x + pen->after; i++)
            if (j >= 0 && j < to->height && i >= 0 && i < to->width &&
                (!pen->dash || ((j + i + pen->phase) / pen->dash) % 2 == 0))
                *(uint32_t *)(void *)(to->first + j * to->down + i * (Py_ssize_t)sizeof(uint32_t)) = pen->color;
}

static int is_among(Py_ssize_t index, Py_ssize_t length)
{
    return index >= 0 && index < length;
}

/* Of pixels in a row, set which ones show voxels of the region. */
static void look(const Voxels *voxels, Py_ssize_t row, const int32_t *columns, Py_ssize_t n, char *found)
{
    if (!is_among(row - voxels->top, voxels->rows)) {
        memset(found, 0, (size_t)n);
        return;
    }
    const char *line = voxels->first + (row - voxels->top) * voxels->down;
    for (Py_ssize_t i = 0; i < n; i++) {
        const Py_ssize_t column = columns[i] - voxels->left;
        found[i] = is_among(column, voxels->columns) && line[column * voxels->right] != 0;
    }
}

/* `rows` and `columns` have `1 + after` pixels before the first of the picture, to compare with and for lines that
 * reach into it, and `before` more than it at the end. `room` is for two rows of pixels. */
static void paint(const Voxels *voxels, const int32_t *rows, const int32_t *columns, const Picture *to, const Pen *pen,
                  char *room)
{
    const Py_ssize_t height = to->height + pen->before + pen->after, width = to->width + pen->before + pen->after;
    Py_ssize_t first = 0, last = width;
    /* Where no voxel of the box is near, there is nothing to see. */
    while (first < width && !is_among(columns[first] - voxels->left, voxels->columns) &&
           !is_among(columns[first + 1] - voxels->left, voxels->columns))
        first++;
    while (last > first && !is_among(columns[last] - voxels->left, voxels->columns) &&
           !is_among(columns[last - 1] - voxels->left, voxels->columns))
        last--;
    const Py_ssize_t n = last - first + 1;
    char *above = room, *here = room + width + 1;
    if (last == first)
        return;
    look(voxels, rows[0], columns + first, n, above);
    for (Py_ssize_t y = 0; y < height; y++) {
        const int is_same = rows[y + 1] == rows[y];
        if (!is_same)
            look(voxels, rows[y + 1], columns + first, n, here);
        const char *now = is_same ? above : here;
        for (Py_ssize_t x = 1; x < n; x++)
            if (now[x] != now[x - 1] || now[x] != above[x])
                dot(to, y - pen->after, first + x - 1 - pen->after, pen);
        if (!is_same) {
            here = above;
            above = (char *)now;
        }
    }
}

PyDoc_STRVAR(border_doc,
    "border(voxels, top, left, rows, columns, picture, color, before, after, dash, phase)\n--\n\n"
    "Paint into `picture` (uint32) the pixels whose voxel differs from that of the pixel above or to the left.\n"
    "`rows` and `columns` (int32) say which voxel every pixel shows, from `1 + after` pixels before the first of the\n"
    "picture to `before` behind its last; the first of `voxels` (of one byte) is row `top`, column `left`, and what lies\n"
    "beyond them is in no region. A line reaches `before` and `after` pixels further than one; `dash` pixels are painted\n"
    "and as many left out, or all for 0, `phase` (not negative) says where that begins.");

static int run(const Py_buffer *views, Voxels voxels, const Pen *pen)
{
    const Picture to = {views[3].buf, views[3].shape[0], views[3].shape[1], views[3].strides[0]};
    const Py_ssize_t more = 1 + pen->before + pen->after;
    if (pen->before < 0 || pen->after < 0 || views[3].strides[1] != (Py_ssize_t)sizeof(uint32_t) ||
        views[1].shape[0] != to.height + more || views[2].shape[0] != to.width + more) {
        PyErr_SetString(PyExc_ValueError, "arrays of other types, dimensions or sizes");
        return 0;
    }
    char *room = malloc(2 * (size_t)(to.width + more));
    if (!room) {
        PyErr_NoMemory();
        return 0;
    }
    voxels.first = views[0].buf;
    voxels.rows = views[0].shape[0];
    voxels.columns = views[0].shape[1];
    voxels.down = views[0].strides[0];
    voxels.right = views[0].strides[1];
    paint(&voxels, views[1].buf, views[2].buf, &to, pen, room);
    free(room);
    return 1;
}

static PyObject *border(PyObject *module, PyObject *args)
{
    static const Py_ssize_t sizes[4] = {1, 4, 4, 4};
    static const int dimensions[4] = {2, 1, 1, 2};
    static const int flags[4] = {PyBUF_STRIDES, PyBUF_C_CONTIGUOUS, PyBUF_C_CONTIGUOUS,
                                 PyBUF_STRIDES | PyBUF_WRITABLE};
    PyObject *objects[4], *result = NULL;
    Py_buffer views[4];
    unsigned long color;
    Voxels voxels = {0};
    Pen pen;
    int taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OnnOOOknnnn", &objects[0], &voxels.top, &voxels.left, &objects[1], &objects[2],
                          &objects[3], &color, &pen.before, &pen.after, &pen.dash, &pen.phase))
        return NULL;
    pen.color = (uint32_t)color;
    while (taken < 4 && PyObject_GetBuffer(objects[taken], &views[taken], flags[taken]) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == sizes[i] && views[i].ndim == dimensions[i];
    if (taken == 4 && !fits)
        PyErr_SetString(PyExc_ValueError, "arrays of other types, dimensions or sizes");
    else if (taken == 4 && run(views, voxels, &pen))
        result = Py_NewRef(Py_None);
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"border", border, METH_VARARGS, border_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_border", "The border of a region on the pixels of a screen.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__border(void);

PyMODINIT_FUNC PyInit__border(void)
{
    return PyModule_Create(&module);
}
