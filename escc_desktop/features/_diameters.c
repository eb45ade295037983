/*
 * The longest distances between vertices of a region's mesh. The vertices lie halfway between voxels inside and
 * outside, as in PyRadiomics' shape features (3.0.1); distances are computed from the same numbers in the same order, so
 * that the longest is the same to the last bit although few pairs are looked at.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AXES = 3, DIRECTIONS = 4 };

typedef struct {
    Py_ssize_t size[AXES], stride[AXES]; /* of the padded mask */
    double spacing[AXES];
    const char *mask;
} Grid;

/* A vertex of the mesh, in half voxels. */
typedef struct {
    int at[AXES];
} Vertex;

typedef struct {
    Vertex *vertex;
    size_t n, room;
} Vertices;

static int append(Vertices *list, const int *at)
{
    if (list->n == list->room) {
        size_t room = list->room ? 2 * list->room : 1024;
        Vertex *larger = realloc(list->vertex, room * sizeof(Vertex));
        if (!larger)
            return 0;
        list->vertex = larger;
        list->room = room;
    }
    memcpy(list->vertex[list->n++].at, at, sizeof(Vertex));
    return 1;
}

/* The first and the last vertex on each line along each axis, among vertices on edges along one axis. */
typedef struct {
    int *first[AXES], *last[AXES];
    int *block;
} Ends;

static Py_ssize_t line_of(const Grid *g, int axis, const Py_ssize_t *at)
{
    int high = axis == 0 ? 1 : 0, low = axis == 2 ? 1 : 2;
    return at[high] * g->size[low] + at[low];
}

static int make_ends(const Grid *g, Ends *e)
{
    size_t lines[AXES], all = 0;
    for (int d = 0; d < AXES; d++)
        all += lines[d] = (size_t)(g->size[(d + 1) % AXES] * g->size[(d + 2) % AXES]);
    e->block = malloc(2 * all * sizeof(int));
    if (!e->block)
        return 0;
    int *next = e->block;
    for (int d = 0; d < AXES; d++) {
        e->first[d] = next;
        e->last[d] = next += lines[d];
        next += lines[d];
    }
    for (size_t i = 0; i < 2 * all; i++)
        e->block[i] = -1;
    return 1;
}

/* Call `visit` for every vertex on an edge along an axis. */
typedef int Visit(const Grid *, int axis, const Py_ssize_t *at, Ends *, Vertices *);

static int each_vertex(const Grid *g, int axis, Visit *visit, Ends *e, Vertices *lists)
{
    Py_ssize_t at[AXES], end[AXES], step = g->stride[axis];
    for (int d = 0; d < AXES; d++)
        end[d] = g->size[d] - (d == axis);
    for (at[0] = 0; at[0] < end[0]; at[0]++) {
        for (at[1] = 0; at[1] < end[1]; at[1]++) {
            const char *line = g->mask + at[0] * g->stride[0] + at[1] * g->stride[1];
            if (axis != 2 && memcmp(line, line + step, (size_t)g->size[2]) == 0)
                continue;
            for (at[2] = 0; at[2] < end[2]; at[2]++)
                if (line[at[2]] != line[at[2] + step] && !visit(g, axis, at, e, lists))
                    return 0;
        }
    }
    return 1;
}

static int note_end(const Grid *g, int axis, const Py_ssize_t *at, Ends *e, Vertices *lists)
{
    (void)axis;
    (void)lists;
    for (int d = 0; d < AXES; d++) {
        Py_ssize_t line = line_of(g, d, at);
        if (e->first[d][line] < 0)
            e->first[d][line] = (int)at[d];
        if (e->last[d][line] < at[d])
            e->last[d][line] = (int)at[d];
    }
    return 1;
}

/*
 * Only a vertex that is not between two others of its line can be farthest from anything, and computed distances keep
 * that order. List 0 to 2 are for distances within planes across z, y, x; 3 for those in space.
 */
static int keep_end(const Grid *g, int axis, const Py_ssize_t *at, Ends *e, Vertices *lists)
{
    int is_end[AXES], place[AXES];
    for (int d = 0; d < AXES; d++) {
        Py_ssize_t line = line_of(g, d, at);
        is_end[d] = at[d] == e->first[d][line] || at[d] == e->last[d][line];
        place[d] = (int)(2 * at[d]) + (d == axis);
    }
    for (int d = 0; d < AXES; d++)
        if (is_end[(d + 1) % AXES] && is_end[(d + 2) % AXES] && !append(&lists[d], place))
            return 0;
    return !(is_end[0] && is_end[1] && is_end[2]) || append(&lists[AXES], place);
}

static int collect(const Grid *g, Vertices *lists)
{
    for (int axis = 0; axis < AXES; axis++) {
        Ends e;
        if (!make_ends(g, &e))
            return 0;
        int done = each_vertex(g, axis, note_end, &e, lists) && each_vertex(g, axis, keep_end, &e, lists);
        free(e.block);
        if (!done)
            return 0;
    }
    return 1;
}

typedef struct {
    double at[AXES];
    double radius; /* from the middle of the vertices' box */
} Point;

static double square_distance(const Point *a, const Point *b)
{
    double z = a->at[0] - b->at[0], y = a->at[1] - b->at[1], x = a->at[2] - b->at[2];
    return z * z + y * y + x * x;
}

static int outer_first(const void *a, const void *b)
{
    double left = ((const Point *)a)->radius, right = ((const Point *)b)->radius;
    return (left < right) - (left > right);
}

static Py_ssize_t farthest(const Point *points, Py_ssize_t n, Py_ssize_t from, double *best)
{
    Py_ssize_t found = from;
    double longest = -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        double d = square_distance(&points[from], &points[i]);
        if (d > longest) {
            longest = d;
            found = i;
        }
    }
    if (longest > *best)
        *best = longest;
    return found;
}

/* Set each point's distance from the middle of all; return the diagonal of their box. */
static double centre(Point *points, Py_ssize_t n)
{
    double low[AXES], high[AXES], diagonal = 0;
    memcpy(low, points[0].at, sizeof low);
    memcpy(high, points[0].at, sizeof high);
    for (Py_ssize_t i = 1; i < n; i++) {
        for (int d = 0; d < AXES; d++) {
            low[d] = points[i].at[d] < low[d] ? points[i].at[d] : low[d];
            high[d] = points[i].at[d] > high[d] ? points[i].at[d] : high[d];
        }
    }
    Point middle;
    for (int d = 0; d < AXES; d++) {
        middle.at[d] = (low[d] + high[d]) / 2;
        diagonal += (high[d] - low[d]) * (high[d] - low[d]);
    }
    for (Py_ssize_t i = 0; i < n; i++)
        points[i].radius = sqrt(square_distance(&points[i], &middle));
    return sqrt(diagonal);
}

/*
 * Raise `best` to the largest squared distance between two points. Two points are no farther apart than their distances
 * from the middle together: of most pairs that is too little.
 */
static void longest_distance(Point *points, Py_ssize_t n, double *best)
{
    const double slack = 1 - 1e-9;
    Py_ssize_t from = 0;
    if (n < 2 || centre(points, n) < sqrt(*best) * slack)
        return;
    for (int i = 0; i < 4; i++)
        from = farthest(points, n, from, best);
    double outermost = 0;
    for (Py_ssize_t i = 0; i < n; i++)
        outermost = points[i].radius > outermost ? points[i].radius : outermost;
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < n; i++)
        if (points[i].radius + outermost >= sqrt(*best) * slack)
            points[kept++] = points[i];
    qsort(points, (size_t)kept, sizeof(Point), outer_first);
    double needed = sqrt(*best) * slack;
    for (Py_ssize_t i = 0; i < kept && points[i].radius + points[0].radius >= needed; i++) {
        for (Py_ssize_t j = 0; j < i && points[i].radius + points[j].radius >= needed; j++) {
            double d = square_distance(&points[i], &points[j]);
            if (d > *best) {
                *best = d;
                needed = sqrt(d) * slack;
            }
        }
    }
}

static void place(const Grid *g, const Vertex *v, Point *p)
{
    for (int d = 0; d < AXES; d++)
        p->at[d] = v->at[d] * 0.5 * g->spacing[d];
}

/* Sort the vertices into planes across an axis and look for the longest distance within one. */
static int longest_in_planes(const Grid *g, const Vertices *list, int axis, double *best)
{
    Py_ssize_t planes = 2 * g->size[axis], *end = calloc((size_t)planes + 1, sizeof *end);
    Point *points = malloc((list->n + 1) * sizeof(Point));
    if (end && points) {
        for (size_t i = 0; i < list->n; i++)
            end[list->vertex[i].at[axis] + 1]++;
        for (Py_ssize_t i = 0; i < planes; i++)
            end[i + 1] += end[i];
        for (size_t i = 0; i < list->n; i++)
            place(g, &list->vertex[i], &points[end[list->vertex[i].at[axis]]++]);
        for (Py_ssize_t i = 0; i < planes; i++) { /* each start has moved to its end */
            Py_ssize_t start = i ? end[i - 1] : 0;
            longest_distance(points + start, end[i] - start, best);
        }
    }
    int done = end && points;
    free(end);
    free(points);
    return done;
}

static int longest_in_space(const Grid *g, const Vertices *list, double *best)
{
    Point *points = malloc((list->n + 1) * sizeof(Point));
    if (!points)
        return 0;
    for (size_t i = 0; i < list->n; i++)
        place(g, &list->vertex[i], &points[i]);
    longest_distance(points, (Py_ssize_t)list->n, best);
    free(points);
    return 1;
}

/* Return 0 when memory runs out. */
static int run(const Grid *g, double *longest)
{
    Vertices lists[DIRECTIONS];
    memset(lists, 0, sizeof lists);
    int done = collect(g, lists);
    for (int d = 0; d < AXES && done; d++)
        done = longest_in_planes(g, &lists[d], d, &longest[d]);
    if (done)
        done = longest_in_space(g, &lists[AXES], &longest[AXES]);
    for (int d = 0; d < DIRECTIONS; d++) {
        longest[d] = sqrt(longest[d]);
        free(lists[d].vertex);
    }
    return done;
}

static int is_sound(const Grid *g, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++)
        if (g->mask[i] & ~1)
            return 0;
    return 1;
}

PyDoc_STRVAR(diameters_doc,
    "diameters(size, spacing, mask)\n--\n\n"
    "`mask` (z, y, x) is bool with an empty border; `spacing` is (z, y, x).\n"
    "Return the longest distances within planes across z, y, x and in space.");

static PyObject *diameters(PyObject *module, PyObject *args)
{
    PyObject *mask;
    Grid g;
    Py_buffer view;
    double d[DIRECTIONS] = {0};
    int done = 0;
    (void)module;
    if (!PyArg_ParseTuple(args, "(nnn)(ddd)O", &g.size[0], &g.size[1], &g.size[2], &g.spacing[0], &g.spacing[1],
                          &g.spacing[2], &mask))
        return NULL;
    for (int i = 0; i < AXES; i++) {
        if (g.size[i] < 2 || g.size[i] > 1 << 20) {
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
        done = run(&g, d);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&view);
    if (!sound) {
        PyErr_SetString(PyExc_ValueError, "the mask must be bool and of the size said");
        return NULL;
    }
    if (!done)
        return PyErr_NoMemory();
    return Py_BuildValue("dddd", d[0], d[1], d[2], d[3]);
}

static PyMethodDef methods[] = {
    {"diameters", diameters, METH_VARARGS, diameters_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_diameters", "The longest distances between vertices of a mesh.", 0, methods, NULL, NULL,
    NULL, NULL,
};

PyMODINIT_FUNC PyInit__diameters(void);

PyMODINIT_FUNC PyInit__diameters(void)
{
    return PyModule_Create(&module);
}
