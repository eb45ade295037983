/* The border between voxels in and out of a region, pixel by pixel of the screen. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>

typedef struct {
    const char *first;
    Py_ssize_t rows, columns, down, right; /* bytes to the next row, column */
} Voxels;

typedef struct {
    Py_ssize_t before, after; /* pixels that a line is thicker than one, towards lower and higher indices */
    Py_ssize_t dash;          /* length of a dash in pixels; 0 for none */
    Py_ssize_t phase;         /* where the dashes begin */
    uint32_t color;
} Pen;

static int inside(const Voxels *voxels, Py_ssize_t row, Py_ssize_t column)
{
    return row >= 0 && row < voxels->rows && column >= 0 && column < voxels->columns &&
           voxels->first[row * voxels->down + column * voxels->right] != 0;
}

/* Dot a pixel of the border as thick as the pen. */
static void dot(uint32_t *to, Py_ssize_t height, Py_ssize_t width, Py_ssize_t y, Py_ssize_t x, const Pen *pen)
{
    for (Py_ssize_t j = y - pen->before; j <= y + pen->after; j++)
        for (Py_ssize_t i = x - pen->before; i <= x + pen->after; i++)
            if (j >= 0 && j < height && i >= 0 && i < width &&
                (!pen->dash || ((j + i + pen->phase) / pen->dash) % 2 == 0))
                to[j * width + i] = pen->color;
}

/* `row` and `column` have one pixel more than the picture before its first, to compare with. */
static void paint(const Voxels *voxels, const int32_t *row, const int32_t *column, uint32_t *to, Py_ssize_t height,
                  Py_ssize_t width, const Pen *pen)
{
    for (Py_ssize_t y = 0; y < height; y++) {
        int left = inside(voxels, row[y + 1], column[0]);
        for (Py_ssize_t x = 0; x < width; x++) {
            const int here = inside(voxels, row[y + 1], column[x + 1]);
            if (here != left || here != inside(voxels, row[y], column[x + 1]))
                dot(to, height, width, y, x, pen);
            left = here;
        }
    }
}

PyDoc_STRVAR(border_doc,
    "border(voxels, rows, columns, picture, color, before, after, dash, phase)\n--\n\n"
    "Paint into `picture` (uint32, all 0) the pixels whose voxel differs from that of the pixel above or to the left.\n"
    "`rows` and `columns` (int32) say which voxel every pixel shows, from one before the first of the picture on; what\n"
    "lies beyond `voxels` (of one byte) is in no region. A line reaches `before` and `after` pixels further than one;\n"
    "`dash` pixels are painted and as many left out, or all for 0, `phase` (not negative) says where that begins.");

static PyObject *border(PyObject *module, PyObject *args)
{
    static const Py_ssize_t sizes[4] = {1, 4, 4, 4};
    static const int dimensions[4] = {2, 1, 1, 2};
    static const int flags[4] = {PyBUF_STRIDES, PyBUF_C_CONTIGUOUS, PyBUF_C_CONTIGUOUS,
                                 PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE};
    PyObject *objects[4], *result = NULL;
    Py_buffer views[4];
    unsigned long color;
    Pen pen;
    int taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOOknnnn", &objects[0], &objects[1], &objects[2], &objects[3], &color, &pen.before,
                          &pen.after, &pen.dash, &pen.phase))
        return NULL;
    while (taken < 4 && PyObject_GetBuffer(objects[taken], &views[taken], flags[taken]) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == sizes[i] && views[i].ndim == dimensions[i];
    if (taken == 4) {
        if (fits && views[1].shape[0] == views[3].shape[0] + 1 && views[2].shape[0] == views[3].shape[1] + 1) {
            const Voxels voxels = {views[0].buf, views[0].shape[0], views[0].shape[1], views[0].strides[0],
                                   views[0].strides[1]};
            pen.color = (uint32_t)color;
            paint(&voxels, views[1].buf, views[2].buf, views[3].buf, views[3].shape[0], views[3].shape[1], &pen);
            result = Py_NewRef(Py_None);
        } else {
            PyErr_SetString(PyExc_ValueError, "arrays of other types, dimensions or sizes");
        }
    }
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
