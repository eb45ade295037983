/*
 * Area and volume of a region's mesh: marching cubes (Lorensen and Cline 1987) halfway between voxels, as in
 * PyRadiomics' shape features (3.0.1): cubes of which the last corner lies inside are looked up by their complement.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <string.h>

enum { AXES = 3, CORNERS = 8, CASES = 128 };

/* The triangles of each case as edges in hexadecimal: the table of P. Bourke and C. G. Bloyd (1994, public domain). */
static const char *const TRIANGLES[CASES] = {
    "", "083", "019", "183981", "12a", "08312a", "92a029", "2832a8a98", "3b2", "0b28b0", "19023b", "1b219b98b",
    "3a1ba3", "0a108a8ba", "3903b9ba9", "98aa8b", "478", "430734", "019847", "419471731", "12a847", "34730412a",
    "92a902847", "2a9297273794", "8473b2", "b47b24204", "90184723b", "47b94b9b2921", "3a13ba784", "1ba14b1047b4",
    "47890b9bab03", "47b4b99ba", "954", "954083", "054150", "854835315", "12a954", "30812a495", "52a542402",
    "2a5325354348", "95423b", "0b208b495", "05401523b", "21525828b485", "a3ba13954", "4950818a18ba", "54050b5bab03",
    "54858aa8b", "978579", "930953573", "078017157", "153357", "978957a12", "a12950530573", "802825857a52",
    "2a5253357", "7957893b2", "95797292027b", "23b018178157", "b21b17715", "958857a13a3b", "5705097b010aba0",
    "ba0b03a50807570", "ba57b5", "a65", "0835a6", "9015a6", "1831985a6", "165261", "165126308", "965906026",
    "598582526328", "23ba65", "b08b20a65", "01923b5a6", "5a61929b298b", "63b653513", "08b0b50515b6", "3b6036065059",
    "65969bb98", "5a6478", "43047365a", "1905a6847", "a65197173794", "612651478", "125526304347", "847905065026",
    "739794329596269", "3b2784a65", "5a647242027b", "01947823b5a6", "9219b294b7b45a6", "8473b53515b6",
    "51b5b610b7b404b", "059065036b63847", "65969b4797b9", "a4964a", "4a649a083", "a01a60640", "83181686461a",
    "149124264", "308129249264", "024426", "832824426", "a49a64b23", "08228b49a4a6", "3b201606461a",
    "64161a48121b8b1", "964936913b63", "8b1810b61914641", "3b6360064", "648b68", "7a678a89a", "0730a709a67a",
    "a671a7178180", "a67a71173", "126168189867", "269291679093739", "780706602", "732672", "23ba68a89867",
    "20727b09767a9a7", "1801781a767a23b", "b21b17a61671", "896867916b63136", "091b67", "7807063b0b60", "7b6",
};

/* (z, y, x) of a cube's corners, and the corners an edge joins. */
static const int CORNER[CORNERS][AXES] = {
    {0, 0, 0}, {0, 0, 1}, {0, 1, 1}, {0, 1, 0}, {1, 0, 0}, {1, 0, 1}, {1, 1, 1}, {1, 1, 0},
};
static const int EDGE[12][2] = {
    {0, 1}, {1, 2}, {2, 3}, {3, 0}, {4, 5}, {5, 6}, {6, 7}, {7, 4}, {0, 4}, {1, 5}, {2, 6}, {3, 7},
};

typedef struct {
    Py_ssize_t size[AXES], stride[AXES]; /* of the padded mask */
    double spacing[AXES];
    const char *mask;
} Grid;

/* What the triangles of one case add up to. Lengths are in half voxels, so that sums of volumes are exact. */
typedef struct {
    double area;
    long long volume;        /* six times, seen from the cube's own corner */
    long long normal[AXES];  /* what the volume grows by for each half voxel that the cube lies away */
} Case;

static int half_voxels(int edge, int axis)
{
    return CORNER[EDGE[edge][0]][axis] + CORNER[EDGE[edge][1]][axis];
}

static void cross(const long long *a, const long long *b, long long *out)
{
    out[0] = a[1] * b[2] - b[1] * a[2];
    out[1] = a[2] * b[0] - b[2] * a[0];
    out[2] = a[0] * b[1] - b[0] * a[1];
}

static void add_triangle(Case *c, const char *edges, const double *spacing)
{
    long long corner[AXES][AXES], side[2][AXES], product[AXES];
    double square = 0;
    for (int i = 0; i < 3; i++)
        for (int d = 0; d < AXES; d++)
            corner[i][d] = half_voxels(edges[i] >= 'a' ? edges[i] - 'a' + 10 : edges[i] - '0', d);
    for (int d = 0; d < AXES; d++) {
        side[0][d] = corner[0][d] - corner[2][d];
        side[1][d] = corner[1][d] - corner[2][d];
    }
    cross(side[0], side[1], product);
    for (int d = 0; d < AXES; d++) {
        double component = (double)product[d] / 4 * spacing[(d + 1) % AXES] * spacing[(d + 2) % AXES];
        square += component * component;
        c->normal[d] += product[d];
    }
    c->area += sqrt(square) / 2;
    cross(corner[0], corner[1], product);
    for (int d = 0; d < AXES; d++)
        c->volume += product[d] * corner[2][d];
}

static void measure(const Grid *g, double *area, double *volume)
{
    Case cases[CASES];
    Py_ssize_t at[CORNERS], count[CASES] = {0};
    long long sum = 0;
    memset(cases, 0, sizeof cases);
    for (int k = 0; k < CASES; k++)
        for (const char *edges = TRIANGLES[k]; *edges; edges += 3)
            add_triangle(&cases[k], edges, g->spacing);
    for (int k = 0; k < CORNERS; k++)
        at[k] = CORNER[k][0] * g->stride[0] + CORNER[k][1] * g->stride[1] + CORNER[k][2];
    for (Py_ssize_t z = 0; z < g->size[0] - 1; z++) {
        for (Py_ssize_t y = 0; y < g->size[1] - 1; y++) {
            const char *line = g->mask + z * g->stride[0] + y * g->stride[1];
            int left = line[at[0]] | line[at[3]] << 3 | line[at[4]] << 4 | line[at[7]] << 7; /* of the cube */
            for (Py_ssize_t x = 0; x < g->size[2] - 1; x++) {
                const char *m = line + x;
                int a = m[at[1]], b = m[at[2]], c = m[at[5]], d = m[at[6]];
                int inside = left | a << 1 | b << 2 | c << 5 | d << 6, sign = 1;
                left = a | b << 3 | c << 4 | d << 7;
                if (inside == 0 || inside == 255)
                    continue;
                if (inside >= CASES) {
                    inside ^= 255;
                    sign = -1;
                }
                const long long *normal = cases[inside].normal;
                count[inside]++;
                sum += sign * (cases[inside].volume + 2 * (z * normal[0] + y * normal[1] + x * normal[2]));
            }
        }
    }
    *area = 0;
    for (int k = 0; k < CASES; k++)
        *area += (double)count[k] * cases[k].area;
    *volume = (double)sum / 48 * g->spacing[0] * g->spacing[1] * g->spacing[2];
}

static int is_sound(const Grid *g, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        if (g->mask[i] & ~1)
            return 0;
    return 1;
}

PyDoc_STRVAR(mesh_doc,
    "mesh(size, spacing, mask)\n--\n\n"
    "`mask` (z, y, x) is bool with an empty border; `spacing` is (z, y, x).\n"
    "Return area and volume.");

static PyObject *mesh(PyObject *module, PyObject *args)
{
    PyObject *mask;
    Grid g;
    Py_buffer view;
    double area = 0, volume = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "(nnn)(ddd)O", &g.size[0], &g.size[1], &g.size[2], &g.spacing[0], &g.spacing[1],
                          &g.spacing[2], &mask))
        return NULL;
    for (int d = 0; d < AXES; d++) {
        if (g.size[d] < 2 || g.size[d] > 1 << 20) {
            PyErr_SetString(PyExc_ValueError, "sizes must be between 2 and 2**20");
            return NULL;
        }
    }
    g.stride[0] = g.size[1] * g.size[2];
    g.stride[1] = g.size[2];
    g.stride[2] = 1;
    if (PyObject_GetBuffer(mask, &view, PyBUF_C_CONTIGUOUS) != 0)
        return NULL;
    g.mask = view.buf;
    int sound = view.len == g.size[0] * g.stride[0] && is_sound(&g, view.len);
    if (sound) {
        Py_BEGIN_ALLOW_THREADS
        measure(&g, &area, &volume);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "the mask must be bool and of the size said");
        return NULL;
    }
    return Py_BuildValue("dd", area, volume);
}

static PyMethodDef methods[] = {
    {"mesh", mesh, METH_VARARGS, mesh_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_mesh", "Area and volume of a region's mesh.", 0, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__mesh(void);

PyMODINIT_FUNC PyInit__mesh(void)
{
    return PyModule_Create(&module);
}
