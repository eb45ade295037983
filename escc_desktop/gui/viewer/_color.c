/* From values in HU to the colours of a table, everywhere or where a mask says. */
#ifndef Py_LIMITED_API
#define Py_LIMITED_API 0x030B0000
#endif
#include <Python.h>

#include <stdint.h>

#define CODES 65536

typedef struct {
    char *first;
    Py_ssize_t down, right; /* bytes to the next row, column */
} Plane;

static Plane plane_of(const Py_buffer *view)
{
    const Plane plane = {view->buf, view->strides[0], view->strides[1]};
    return plane;
}

static void paint(Plane hu, const uint32_t *table, Plane colors, Py_ssize_t rows, Py_ssize_t columns)
{
    for (Py_ssize_t y = 0; y < rows; y++) {
        const char *value = hu.first + y * hu.down;
        char *color = colors.first + y * colors.down;
        for (Py_ssize_t x = 0; x < columns; x++) {
            *(uint32_t *)(void *)color = table[*(const uint16_t *)(const void *)value];
            value += hu.right;
            color += colors.right;
        }
    }
}

static void paint_inside(Plane hu, const uint32_t *table, Plane colors, Py_ssize_t rows, Py_ssize_t columns,
                         Plane mask)
{
    for (Py_ssize_t y = 0; y < rows; y++) {
        const char *value = hu.first + y * hu.down, *inside = mask.first + y * mask.down;
        char *color = colors.first + y * colors.down;
        for (Py_ssize_t x = 0; x < columns; x++) {
            if (*inside)
                *(uint32_t *)(void *)color = table[*(const uint16_t *)(const void *)value];
            value += hu.right;
            inside += mask.right;
            color += colors.right;
        }
    }
}

PyDoc_STRVAR(color_doc,
    "color(hu, table, colors, mask=None)\n--\n\n"
    "Set `colors` (uint32) from `hu` (int16) by a `table` (uint32) of 65,536 ``HU as uint16``; only where a `mask` (of\n"
    "one byte) is not 0, if there is one. All but the table are of the same rows and columns.");

static PyObject *color(PyObject *module, PyObject *args)
{
    static const Py_ssize_t sizes[4] = {2, 4, 4, 1};
    static const int dimensions[4] = {2, 1, 2, 2};
    static const int flags[4] = {PyBUF_STRIDES, PyBUF_C_CONTIGUOUS, PyBUF_STRIDES | PyBUF_WRITABLE, PyBUF_STRIDES};
    PyObject *objects[4] = {NULL, NULL, NULL, Py_None}, *result = NULL;
    Py_buffer views[4];
    int taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOO|O", &objects[0], &objects[1], &objects[2], &objects[3]))
        return NULL;
    const int n = objects[3] == Py_None ? 3 : 4;
    while (taken < n && PyObject_GetBuffer(objects[taken], &views[taken], flags[taken]) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == sizes[i] && views[i].ndim == dimensions[i];
    if (taken == n) {
        fits = fits && views[1].shape[0] == CODES;
        for (int i = 0; fits && i < n; i++)
            fits = i == 1 || (views[i].shape[0] == views[2].shape[0] && views[i].shape[1] == views[2].shape[1]);
        if (!fits) {
            PyErr_SetString(PyExc_ValueError, "arrays of other types or sizes");
        } else {
            const Plane hu = plane_of(&views[0]), colors = plane_of(&views[2]);
            const Py_ssize_t rows = views[2].shape[0], columns = views[2].shape[1];
            if (n == 3)
                paint(hu, views[1].buf, colors, rows, columns);
            else
                paint_inside(hu, views[1].buf, colors, rows, columns, plane_of(&views[3]));
            result = Py_NewRef(Py_None);
        }
    }
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"color", color, METH_VARARGS, color_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_color", "From values to colours.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__color(void);

PyMODINIT_FUNC PyInit__color(void)
{
    return PyModule_Create(&module);
}
