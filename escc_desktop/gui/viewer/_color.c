/* From values in HU and labels to the colours of a table. */
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

/* Return 0 where a label has no colours. */
static int paint(Plane hu, Plane labels, const uint32_t *table, Py_ssize_t n_labels, Plane colors, Py_ssize_t rows,
                 Py_ssize_t columns)
{
    int is_known = 1;
    for (Py_ssize_t y = 0; y < rows; y++) {
        const char *value = hu.first + y * hu.down, *label = labels.first + y * labels.down;
        char *color = colors.first + y * colors.down;
        for (Py_ssize_t x = 0; x < columns; x++) {
            const uint8_t number = *(const uint8_t *)label;
            const uint32_t *of_label = table + (number < n_labels ? (Py_ssize_t)number * CODES : 0);
            is_known &= number < n_labels;
            *(uint32_t *)(void *)color = of_label[*(const uint16_t *)(const void *)value];
            value += hu.right;
            label += labels.right;
            color += colors.right;
        }
    }
    return is_known;
}

PyDoc_STRVAR(color_doc,
    "color(hu, labels, table, colors)\n--\n\n"
    "Set `colors` (uint32) from `hu` (int16) and `labels` (uint8), all of the same rows and columns, by a `table`\n"
    "(uint32) of ``label << 16 | HU as uint16``.");

static PyObject *color(PyObject *module, PyObject *args)
{
    static const Py_ssize_t sizes[4] = {2, 1, 4, 4};
    static const int dimensions[4] = {2, 2, 1, 2};
    static const int flags[4] = {PyBUF_STRIDES, PyBUF_STRIDES, PyBUF_C_CONTIGUOUS, PyBUF_STRIDES | PyBUF_WRITABLE};
    PyObject *objects[4], *result = NULL;
    Py_buffer views[4];
    int taken = 0, fits = 1;
    (void)module;
    if (!PyArg_ParseTuple(args, "OOOO", &objects[0], &objects[1], &objects[2], &objects[3]))
        return NULL;
    while (taken < 4 && PyObject_GetBuffer(objects[taken], &views[taken], flags[taken]) == 0)
        taken++;
    for (int i = 0; i < taken; i++)
        fits = fits && views[i].itemsize == sizes[i] && views[i].ndim == dimensions[i];
    if (taken == 4 && fits) {
        const Py_ssize_t rows = views[3].shape[0], columns = views[3].shape[1];
        const Py_ssize_t n_labels = views[2].shape[0] / CODES;
        fits = n_labels > 0;
        for (int i = 0; i < 2; i++)
            fits = fits && views[i].shape[0] == rows && views[i].shape[1] == columns;
        if (fits && paint(plane_of(&views[0]), plane_of(&views[1]), views[2].buf, n_labels, plane_of(&views[3]), rows,
                          columns))
            result = Py_NewRef(Py_None);
    }
    if (taken == 4 && !result)
        PyErr_SetString(PyExc_ValueError, fits ? "a label without colours" : "arrays of other types or sizes");
    while (taken--)
        PyBuffer_Release(&views[taken]);
    return result;
}

static PyMethodDef methods[] = {
    {"color", color, METH_VARARGS, color_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_color", "From values and labels to colours.", 0, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__color(void);

PyMODINIT_FUNC PyInit__color(void)
{
    return PyModule_Create(&module);
}
